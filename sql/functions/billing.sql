-- Deletes old rows of billing: events 90 days after they were processed, tasks 30 days after they were done, intents 90 days after they
-- ended. Returns how many.
create or replace function public.purge_billing() returns bigint language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone bigint; gone_in_all bigint := 0;
begin
  delete from public.billing_events where ended_at < this_moment - interval '2160 hours';
  get diagnostics gone = row_count; gone_in_all := gone_in_all + gone;
  delete from public.billing_tasks where done_at < this_moment - interval '720 hours';
  get diagnostics gone = row_count; gone_in_all := gone_in_all + gone;
  delete from public.billing_intents where ended_at < this_moment - interval '2160 hours';
  get diagnostics gone = row_count;
  return gone_in_all + gone;
end $$;

-- Schedules a synchronisation with the provider within the hour for every account with a subscription there, so that missed webhooks
-- have no lasting effect. Returns for how many accounts.
create or replace function public.reconcile_billing() returns bigint language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  planned bigint;
begin
  update public.billing_accounts b set due_at = least(b.due_at, clock_timestamp() + make_interval(secs => random() * 3600))
   where exists (select from public.billing_subscriptions s where s.account_id = b.account_id and s.status <> 'ended');
  get diagnostics planned = row_count;
  return planned;
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.reconcile_billing() from public;
