-- Brings the figures of analytics up to date: the sums by day and their materialised views, without blocking readers.
create or replace function public.refresh_views() returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  perform public.sum_changes();
  perform public.sum_sign_ins();
  perform public.sum_teams();
  refresh materialized view concurrently public.revenue_by_plan_and_day;
  refresh materialized view concurrently public.activity_by_day;
  perform public.sum_payments();
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.refresh_views() from public;
