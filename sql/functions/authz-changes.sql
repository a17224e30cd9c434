-- Records a change of an account's rights: increments its version, ends the sessions concerned, inserts its whole state into
-- authz_changes and notifies the instances at commit. Nothing else writes states there, but for spread_plan. The update locks the
-- account's row first, so that a log-in or another change in progress is waited for.
create or replace function public.record_own_change(p_account uuid, p_kind text default 'state', p_session uuid default null,
                                                      p_except uuid default null, p_reason text default null) returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.user_accounts set authz_version = authz_version + 1 where id = p_account;
  if p_kind = 'session-ended' then
    update public.sessions set ended_at = clock_timestamp(), end_reason = p_reason where id = p_session and account_id = p_account and ended_at is null;
  elsif p_kind = 'sessions-ended' then
    update public.sessions set ended_at = clock_timestamp(), end_reason = p_reason
     where account_id = p_account and ended_at is null and id is distinct from p_except;
  end if;
  return query
    insert into public.authz_changes (account_id, version, kind, role, privilege_level, plan, pex, overrides, status, session_id, except_session_id, payer_id)
    select s.id, s.authz_version, p_kind, s.role, s.privilege_level, s.plan, s.pex, s.overrides, s.status, p_session, p_except, s.payer_id
      from public.account_authz s where s.id = p_account
    returning *;
  perform pg_notify('authz_changes', '');
end $$;

-- record_own_change, and where the account pays for a team whose shared plan has changed, the same for every member: the account's own
-- change is returned first, theirs after it. Before a change of plan, or of the right to share it, call lock_teams.
create or replace function public.record_authz_change(p_account uuid, p_kind text default 'state', p_session uuid default null,
                                                      p_except uuid default null, p_reason text default null) returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  return query select * from public.record_own_change(p_account, p_kind, p_session, p_except, p_reason);
  if p_kind = 'state' then return query select * from public.spread_plan(p_account); end if;
end $$;

-- Records a change of the catalogue under its next version, and marks the teams whose shared plan or seats it changed.
create or replace function public.record_catalogue_change() returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  new_version bigint;
begin
  update public.catalogue_version set version = version + 1 returning version into new_version;
  perform public.note_unsettled_teams();
  return query insert into public.authz_changes (kind, catalogue_version) values ('catalogue', new_version) returning *;
  perform pg_notify('authz_changes', '');
end $$;

-- Trigger at COMMIT: refuses a change that is committed more than 2 minutes after it was written. Instances read changes back to an
-- access token's life and 5 minutes before the present, by `at`; one that starts meanwhile would miss a change that commits later.
-- The SQLSTATE is that of PostgreSQL's own transaction_timeout.
create or replace function public.refuse_late_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if clock_timestamp() > new.at + interval '2 minutes' then
    raise exception 'a change of authorisation must be committed within 2 minutes' using errcode = '25P04';
  end if;
  return null;
end $$;
