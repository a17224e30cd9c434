-- Whoever reads the changes looks back for an access token's life and 5 minutes, by `at`. A transaction that wrote one and
-- commits much later would slip past an instance that starts meanwhile, so the database lets none: rolled back at COMMIT,
-- with the SQLSTATE of PostgreSQL's own transaction_timeout (which came with version 17). Restored rows have another xid.
create function refuse_late_change() returns trigger language plpgsql as $$
begin
  if clock_timestamp() > new.at + interval '2 minutes' then
    raise exception 'a change of authorisation must be committed within 2 minutes' using errcode = '25P04';
  end if;
  return null;
end $$;
create constraint trigger commit_soon after insert on authz_changes deferrable initially deferred
  for each row when (new.xid = pg_current_xact_id()) execute function refuse_late_change();
