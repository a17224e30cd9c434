-- The figures of analytics are sums that are kept, not counted from all accounts, subscriptions and sign-ins each time: what an
-- account or a subscription adds is written with it (triggers), and refresh_views() adds that up (sql/functions/sums.sql).

-- What happened on a day of UTC. Sign-ins, lockouts and reuse stay when the rows that they were counted from are gone.
create table public.activity_sums (
  day      date primary key,
  sign_ups bigint not null default 0,
  erased   bigint not null default 0, -- of those who signed up on the day, and so on
  locked   bigint not null default 0,
  invited  bigint not null default 0,
  log_ins  bigint not null default 0,
  failures bigint not null default 0,
  lockouts bigint not null default 0,
  reuse    bigint not null default 0
);

-- What is not in the sums yet. Only ever inserted: nobody waits for a sum that somebody else writes.
create table public.activity_changes (
  day      date not null,
  sign_ups integer not null,
  erased   integer not null,
  locked   integer not null,
  invited  integer not null
);

-- Subscriptions that began or ended on a day, also of who has not accepted an invitation yet. Without a price of its own the nil UUID.
create table public.subscription_sums (
  day              date not null,
  plan             public.slug not null,
  billing_interval text not null,
  price_id         uuid not null,
  started          bigint not null,
  ended            bigint not null,
  in_force         bigint not null, -- of those that began on the day, and so on
  trialing         bigint not null,
  renewing         bigint not null,
  primary key (day, plan, billing_interval, price_id)
);

create table public.subscription_changes (
  day              date not null,
  plan             public.slug not null,
  billing_interval text not null,
  price_id         uuid not null,
  started          integer not null,
  ended            integer not null,
  in_force         integer not null,
  trialing         integer not null,
  renewing         integer not null
);

-- The addresses from which most sign-ins failed on a day: no more than 200 of each, and only while the sign-ins are kept.
create table public.failing_addresses (
  day        date not null,
  ip_address text not null,
  failures   bigint not null,
  primary key (day, ip_address)
);
-- Days of which failed sign-ins were deleted: their addresses are counted again.
create table public.failure_days (day date not null);

insert into public.activity_sums (day, sign_ups, erased, locked, invited)
select (created_at at time zone 'UTC')::date, count(*) filter (where not is_invited), count(*) filter (where not is_invited and status = 'deleted'),
       count(*) filter (where not is_invited and status = 'locked'), count(*) filter (where is_invited and status <> 'deleted')
  from public.user_accounts group by 1;
insert into public.activity_sums as s (day, log_ins, failures, lockouts, reuse)
select day, log_ins, failures, lockouts, reuse from public.activity_by_day where log_ins + failures + lockouts + reuse > 0
    on conflict (day) do update set log_ins = excluded.log_ins, failures = excluded.failures, lockouts = excluded.lockouts, reuse = excluded.reuse;

insert into public.subscription_sums
select day, plan, billing_interval, price_id, sum(started), sum(ended), sum(in_force), sum(trialing), sum(renewing)
  from (
    select (started_at at time zone 'UTC')::date as day, plan, coalesce(billing_interval, 'none') as billing_interval,
           coalesce(price_id, '00000000-0000-0000-0000-000000000000') as price_id, 1 as started, 0 as ended,
           (ended_at is null)::int as in_force, (status = 'trialing')::int as trialing, (status in ('active', 'past_due'))::int as renewing
      from public.user_subscriptions
    union all
    select (ended_at at time zone 'UTC')::date, plan, coalesce(billing_interval, 'none'), coalesce(price_id, '00000000-0000-0000-0000-000000000000'), 0, 1, 0, 0, 0
      from public.user_subscriptions where ended_at is not null
  ) e group by 1, 2, 3, 4;

insert into public.failing_addresses (day, ip_address, failures)
select day, ip_address, failures
  from (select (at at time zone 'UTC')::date as day, ip_address, count(*) as failures,
               row_number() over (partition by (at at time zone 'UTC')::date order by count(*) desc, ip_address) as place
          from public.login_attempts where outcome = 'failed' and ip_address is not null group by 1, 2) counted
 where place <= 200;

drop materialized view public.activity_by_day;
create materialized view public.activity_by_day as
select day, sign_ups, erased, locked, invited, log_ins, failures, lockouts, reuse from public.activity_sums
 where sign_ups <> 0 or erased <> 0 or locked <> 0 or invited <> 0 or log_ins <> 0 or failures <> 0 or lockouts <> 0 or reuse <> 0;
create unique index activity_by_day_day on public.activity_by_day (day);

-- Without the subscriptions of who has not accepted an invitation yet, of whom there are few.
drop materialized view public.revenue_by_plan_and_day;
create materialized view public.revenue_by_plan_and_day as
select e.day, e.plan, coalesce(v.currency, p.currency) as currency, e.billing_interval, sum(e.started)::bigint as started, sum(e.ended)::bigint as ended,
       sum(e.in_force)::bigint as in_force, sum(e.trialing)::bigint as trialing, sum(e.renewing)::bigint as renewing,
       coalesce(sum(e.renewing * case e.billing_interval when 'month' then coalesce(v.amount_minor, p.price_monthly_minor)::numeric * 12
                                                         when 'year' then coalesce(v.amount_minor, p.price_yearly_minor)::numeric end), 0) as annual_minor
  from (
    select day, plan, billing_interval, price_id, started, ended, in_force, trialing, renewing from public.subscription_sums
    union all
    select (s.started_at at time zone 'UTC')::date, s.plan, coalesce(s.billing_interval, 'none'), s.price_id, -1, 0,
           -(s.ended_at is null)::int, -(s.status = 'trialing')::int, -(s.status in ('active', 'past_due'))::int
      from public.invitations i join public.user_subscriptions s on s.account_id = i.account_id
    union all
    select (s.ended_at at time zone 'UTC')::date, s.plan, coalesce(s.billing_interval, 'none'), s.price_id, 0, -1, 0, 0, 0
      from public.invitations i join public.user_subscriptions s on s.account_id = i.account_id where s.ended_at is not null
  ) e join public.subscription_plans p on p.name = e.plan left join public.plan_prices v on v.id = e.price_id
 group by 1, 2, 3, 4
having sum(e.started) <> 0 or sum(e.ended) <> 0 or sum(e.in_force) <> 0 or sum(e.trialing) <> 0 or sum(e.renewing) <> 0;
create unique index revenue_by_plan_and_day_key on public.revenue_by_plan_and_day (day, plan, currency, billing_interval);
