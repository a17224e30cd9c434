-- Triggers: make the ledger of consents append-only, because its rows are evidence. Rows are deleted with an erased account only.
create or replace function public.refuse_consent_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = 'consents_append_only';
end $$;
create or replace trigger append_only before update on public.consents
  for each row execute function public.refuse_consent_change();
create or replace trigger append_only_truncate before truncate on public.consents
  for each statement execute function public.refuse_consent_change();

-- Trigger on deletion: checks all rows of a statement at once, because an account may have many.
create or replace function public.keep_consents() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if exists (select from gone where not exists (select from public.user_accounts a where a.id = gone.account_id and a.status = 'deleted')) then
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = 'consents_append_only';
  end if;
  return null;
end $$;
create or replace trigger append_only_delete after delete on public.consents
  referencing old table as gone for each statement execute function public.keep_consents();
