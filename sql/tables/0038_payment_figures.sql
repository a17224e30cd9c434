-- Sums of payments by day, of all providers together, that outlive the accounts: what administrators are told.
create table public.payment_figures (
  day      date not null, -- UTC
  currency text not null check (currency ~ '^[A-Z]{3}$'), -- XXX: none (ISO 4217)
  figure   text not null,
  n        numeric not null,
  amount   numeric not null, -- minor units; of what recurs, those of a year
  primary key (day, currency, figure)
);

-- What is not in the sums yet: written with the payments, so that nobody waits for a sum that somebody else writes.
create table public.payment_figure_changes (
  day      date not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  figure   text not null,
  n        numeric not null,
  amount   numeric not null
);

-- What of an account is counted. Null: nothing yet, though it has a trial or payments.
create table public.counted_payments (
  account_id uuid primary key references public.user_accounts (id),
  figures    jsonb
);
create index counted_payments_waiting on public.counted_payments (account_id) where figures is null;

-- That a charge failed, whatever became of it.
alter table public.payments add column has_failed boolean not null default false;
update public.payments set has_failed = true where status = 'failed';

-- What a year of a price brings, so that months and years can be added.
create view public.annual_prices as
select id, currency, amount_minor::numeric * case billing_interval when 'month' then 12 else 1 end as annual from public.plan_prices;

-- When it ended, by the provider or by this service's rules; when a grant or the erasure took its place; the prices that are counted
-- of it: the first, and the one in force.
alter table public.billing_subscriptions
  add column over_at          timestamptz,
  add column released_at      timestamptz,
  add column first_price_id   uuid references public.plan_prices (id),
  add column counted_price_id uuid references public.plan_prices (id);
update public.billing_subscriptions set over_at = fetched_at where status = 'ended';

insert into public.counted_payments (account_id)
select account_id from public.trials union select account_id from public.billing_subscriptions;

-- Sums that no integer holds are possible: many accounts at a very high price.
drop materialized view public.revenue_by_plan_and_day;
create materialized view public.revenue_by_plan_and_day as
select e.day, e.plan, coalesce(v.currency, p.currency) as currency, e.billing_interval, sum(e.started)::bigint as started, sum(e.ended)::bigint as ended,
       sum(e.in_force)::bigint as in_force, sum(e.trialing)::bigint as trialing, sum(e.renewing)::bigint as renewing,
       coalesce(sum(e.renewing * case e.billing_interval when 'month' then coalesce(v.amount_minor, p.price_monthly_minor)::numeric * 12
                                                         when 'year' then coalesce(v.amount_minor, p.price_yearly_minor)::numeric end), 0) as annual_minor
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
