-- Accounts that an administrator prepared and that nobody has accepted yet. The flag stays beside a lock and beside an
-- erasure: whatever unlocks such an account, only accepting the invitation makes it active.
alter table public.user_accounts
  add column is_invited boolean not null default false,
  drop constraint user_accounts_status_check,
  add constraint user_accounts_status_check check (status in ('invited', 'active', 'locked', 'deleted')),
  add constraint invited_opens_nothing check (
    case when is_invited then status <> 'active' and password_hash is null and email_verified_at is null else status <> 'invited' end);

create table public.invitations (
  account_id uuid primary key references public.user_accounts (id),
  invited_by uuid not null references public.user_accounts (id), -- the last who did; answers for the plan
  role_by    uuid references public.user_accounts (id), -- answers for the account's role; null: the command line
  plan       public.slug references public.subscription_plans (name), -- begins when it is accepted; null: free
  invited_at timestamptz not null default clock_timestamp() -- the last time; 30 days later the account is erased
);
create index invitations_invited_at on public.invitations (invited_at);

-- Figures of accounts leave out those that nobody has accepted, and those that were erased before anybody did.
drop materialized view public.revenue_by_plan_and_day, public.activity_by_day;

-- What began and what ended on a day; of what began then and is in force: how much is tried, and what a year of the rest brings.
create materialized view public.revenue_by_plan_and_day as
select e.day, e.plan, p.currency, e.billing_interval, sum(e.started)::bigint as started, sum(e.ended)::bigint as ended,
       sum(e.in_force)::bigint as in_force, sum(e.trialing)::bigint as trialing, sum(e.renewing)::bigint as renewing,
       coalesce(sum(e.renewing * case e.billing_interval when 'month' then p.price_monthly_minor * 12 when 'year' then p.price_yearly_minor end),
                0)::bigint as annual_minor
  from (
    select (started_at at time zone 'UTC')::date as day, plan, coalesce(billing_interval, 'none') as billing_interval, 1 as started, 0 as ended,
           (ended_at is null)::int as in_force, (status = 'trialing')::int as trialing, (status in ('active', 'past_due'))::int as renewing
      from public.user_subscriptions where account_id not in (select account_id from public.invitations)
    union all
    select (ended_at at time zone 'UTC')::date, plan, coalesce(billing_interval, 'none'), 0, 1, 0, 0, 0
      from public.user_subscriptions where ended_at is not null and account_id not in (select account_id from public.invitations)
  ) e join public.subscription_plans p on p.name = e.plan
 group by 1, 2, 3, 4;
create unique index revenue_by_plan_and_day_key on public.revenue_by_plan_and_day (day, plan, currency, billing_interval);

-- Who signed up on a day, and how many of them are erased or locked by now; who was invited on it and has not accepted; what else happened on it.
create materialized view public.activity_by_day as
select day, sum(sign_ups)::bigint as sign_ups, sum(erased)::bigint as erased, sum(locked)::bigint as locked, sum(invited)::bigint as invited,
       sum(log_ins)::bigint as log_ins, sum(failures)::bigint as failures, sum(lockouts)::bigint as lockouts, sum(reuse)::bigint as reuse
  from (
    select (created_at at time zone 'UTC')::date as day, (not is_invited)::int as sign_ups, (status = 'deleted' and not is_invited)::int as erased,
           (status = 'locked' and not is_invited)::int as locked, (is_invited and status <> 'deleted')::int as invited,
           0 as log_ins, 0 as failures, 0 as lockouts, 0 as reuse from public.user_accounts
    union all
    select (at at time zone 'UTC')::date, 0, 0, 0, 0, (outcome = 'succeeded')::int, (outcome = 'failed')::int, 0, 0 from public.login_attempts
    union all
    select (at at time zone 'UTC')::date, 0, 0, 0, 0, 0, 0, (action = 'lockout.start')::int, (action = 'session.reuse_detected')::int
      from public.audit_logs where action in ('lockout.start', 'session.reuse_detected')
  ) events
 group by day;
create unique index activity_by_day_day on public.activity_by_day (day);
