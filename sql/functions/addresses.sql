-- Trigger: refuses an address that another account gave up within the last 7 days and may still take back. It runs after the row was
-- written: an insert that waited in the unique index for the other transaction then sees what that committed.
create or replace function public.keep_reserved_address() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if exists (select from public.account_links
              where kind = 'undo-email' and email = new.email and account_id <> new.id and expires_at > clock_timestamp()) then
    raise exception 'the address is reserved for its last account' using errcode = 'unique_violation', constraint = 'user_accounts_email_key';
  end if;
  return null;
end $$;

create or replace trigger keep_reserved_on_insert after insert on public.user_accounts
  for each row execute function public.keep_reserved_address();
create or replace trigger keep_reserved_on_update after update of email on public.user_accounts
  for each row when (new.email is distinct from old.email and new.email is not null) execute function public.keep_reserved_address();
