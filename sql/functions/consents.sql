-- Trigger of the ledger of consents: its rows are evidence. They go with an account that is erased, and with nothing else.
create or replace function public.refuse_consent_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if tg_op = 'DELETE' and exists (select from public.user_accounts where id = old.account_id and status = 'deleted') then
    return old;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = 'consents_append_only';
end $$;
create or replace trigger append_only before update or delete on public.consents
  for each row execute function public.refuse_consent_change();
create or replace trigger append_only_truncate before truncate on public.consents
  for each statement execute function public.refuse_consent_change();
