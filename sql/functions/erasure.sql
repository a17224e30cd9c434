-- Deletes the personal values of these accounts from the audit trail. Values of acts on shared objects (a role, a plan, a search) stay;
-- in rows from before migration 12 those name the actor.
create or replace function public.erase_traces(p_accounts uuid[]) returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  delete from public.audit_subjects where account_id = any (p_accounts);
  delete from public.audit_personal p using public.audit_logs l
   where p.account_id = any (p_accounts) and l.id = p.audit_id and l.entity_type in ('account', 'session', 'api_key', 'webhook')
$$;

-- Deletes rows that requests and counters in progress wrote about an account while it was erased.
create or replace function public.sweep_erased() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  erased uuid[] := array(select id from public.user_accounts where status = 'deleted' and deleted_at > clock_timestamp() - interval '30 days');
begin
  delete from public.login_attempts where account_id = any (erased);
  delete from public.quota_usage where account_id = any (erased);
  delete from public.usage_daily where account_id = any (erased);
  delete from public.idempotency_keys where account_id = any (erased);
  delete from public.account_links where account_id = any (erased);
  delete from public.mail_outbox where account_id = any (erased);
  delete from public.billing_accounts where account_id = any (erased);
  delete from public.billing_customers where account_id = any (erased);
  perform public.erase_traces(erased);
end $$;
