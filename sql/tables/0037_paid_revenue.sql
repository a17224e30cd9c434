-- Recurring revenue is counted at the price that is paid, in its currency: an earlier price, another currency than the plan's own.
drop materialized view public.revenue_by_plan_and_day;

-- What began and what ended on a day; of what began then and is in force: how much is tried, and what a year of the rest brings.
create materialized view public.revenue_by_plan_and_day as
select e.day, e.plan, coalesce(v.currency, p.currency) as currency, e.billing_interval, sum(e.started)::bigint as started, sum(e.ended)::bigint as ended,
       sum(e.in_force)::bigint as in_force, sum(e.trialing)::bigint as trialing, sum(e.renewing)::bigint as renewing,
       coalesce(sum(e.renewing * case e.billing_interval when 'month' then coalesce(v.amount_minor, p.price_monthly_minor) * 12
                                                         when 'year' then coalesce(v.amount_minor, p.price_yearly_minor) end), 0)::bigint as annual_minor
  from (
    select (started_at at time zone 'UTC')::date as day, plan, coalesce(billing_interval, 'none') as billing_interval, price_id, 1 as started, 0 as ended,
           (ended_at is null)::int as in_force, (status = 'trialing')::int as trialing, (status in ('active', 'past_due'))::int as renewing
      from public.user_subscriptions where account_id not in (select account_id from public.invitations)
    union all
    select (ended_at at time zone 'UTC')::date, plan, coalesce(billing_interval, 'none'), price_id, 0, 1, 0, 0, 0
      from public.user_subscriptions where ended_at is not null and account_id not in (select account_id from public.invitations)
  ) e join public.subscription_plans p on p.name = e.plan left join public.plan_prices v on v.id = e.price_id
 group by 1, 2, 3, 4;
create unique index revenue_by_plan_and_day_key on public.revenue_by_plan_and_day (day, plan, currency, billing_interval);
