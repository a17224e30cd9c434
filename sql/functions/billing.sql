-- Deletes what payments have left behind: events 90 days after they were looked into, tasks 30 days after they were done, wishes of a
-- provider 90 days after they ended. Returns how many.
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
