-- The contribution of one account to the payment figures, by day, currency and figure (docs/payments.md defines them). It depends on the
-- account's rows alone, so it is the same in whatever order they were written.
create or replace function public.figures_of(p_account uuid) returns table (day date, currency text, figure text, n bigint, amount numeric)
language sql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  with paid as (
    select p.*, coalesce(p.period_start, p.at) as starts from public.payments p where p.account_id = p_account),
  subscribed as (
    select s.provider, s.subscription_id, s.started_at, least(s.over_at, s.released_at) as over_at, first_charge.at as began_at,
           first_charge.currency, coalesce(s.first_price_id, s.price_id) as first_price, coalesce(s.counted_price_id, s.price_id) as last_price
      from public.billing_subscriptions s
      left join lateral (
        select c.at, c.currency from paid c
         where c.provider = s.provider and c.subscription_id = s.subscription_id and c.kind = 'charge' and c.status = 'succeeded' and c.amount_minor > 0
         order by c.at, c.id limit 1) first_charge on true
     where s.account_id = p_account and (not s.is_surplus or s.released_at is not null or s.over_at is not null)),
  -- Periods that began after the paid or trial period had ended, and for which a charge failed.
  owed as (
    select p.provider, p.subscription_id, p.currency, p.starts, min(p.at) as failed_at, max(p.amount_minor) as amount_minor
      from paid p join subscribed s using (provider, subscription_id)
     where p.kind = 'charge' and p.has_failed
       and p.starts + interval '24 hours' >= coalesce(
         (select max(coalesce(q.period_end, q.at)) from paid q
           where q.provider = p.provider and q.subscription_id = p.subscription_id and q.kind = 'charge' and q.status = 'succeeded' and q.at < p.at),
         s.started_at + interval '48 hours')
     group by 1, 2, 3, 4),
  dunned as (
    select o.*, s.over_at,
           (select min(q.at) from paid q
             where q.provider = o.provider and q.subscription_id = o.subscription_id and q.kind = 'charge' and q.status = 'succeeded'
               and (q.period_start between o.starts - interval '24 hours' and o.starts + interval '24 hours' or q.period_start is null and q.at >= o.failed_at)) as paid_at
      from owed o join subscribed s using (provider, subscription_id)),
  tried as (
    select t.started_at, exists (
             select from paid c join subscribed s using (provider, subscription_id)
              where c.kind = 'charge' and c.status = 'succeeded' and c.amount_minor > 0 and c.at >= t.started_at
                and not exists (select from public.trials later
                                 where later.account_id = p_account and later.started_at > t.started_at and later.started_at <= c.at)) as is_paid
      from public.trials t where t.account_id = p_account and t.started_at is not null),
  figured (at, currency, figure, amount) as (
    select at, currency, 'charge', amount_minor from paid where kind = 'charge' and status = 'succeeded'
    union all select at, currency, 'refund', amount_minor from paid where kind = 'refund' and status = 'succeeded'
    union all select at, currency, 'dispute', amount_minor from paid where kind = 'dispute'
    union all select at, currency, 'dispute_lost', amount_minor from paid where kind = 'dispute' and status = 'succeeded'
    union all select failed_at, currency, 'failed', amount_minor from dunned
    union all select greatest(paid_at, failed_at), currency, 'recovered', amount_minor from dunned where paid_at is not null
    union all select greatest(over_at, failed_at), currency, 'lost', amount_minor from dunned where paid_at is null and over_at is not null
    union all select s.began_at, coalesce(v.currency, s.currency), 'new', coalesce(v.annual, 0)
                from subscribed s left join public.annual_prices v on v.id = s.first_price where s.began_at is not null
    union all select greatest(s.over_at, s.began_at), coalesce(v.currency, s.currency), 'churned', coalesce(v.annual, 0)
                from subscribed s left join public.annual_prices v on v.id = s.last_price where s.began_at is not null and s.over_at is not null
    union all select started_at, 'XXX', 'trial', 0 from tried
    union all select started_at, 'XXX', 'trial_paid', 0 from tried where is_paid)
  select (f.at at time zone 'UTC')::date, f.currency, f.figure, count(*), sum(f.amount) from figured f group by 1, 2, 3
$$;

-- Writes the difference between an account's contribution now and what was counted of it before. Idempotent. Call it after a change, in
-- the same transaction, with the account's row locked.
create or replace function public.count_payments(p_account uuid) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  known boolean; counted jsonb; present jsonb;
begin
  -- A changed price of a paid subscription: the difference counts on the day on which it is noticed.
  with repriced as (
    select s.provider, s.subscription_id, s.counted_price_id as old_price, s.price_id as new_price from public.billing_subscriptions s
     where s.account_id = p_account and not s.is_surplus and s.over_at is null and s.price_id is not null and s.counted_price_id is distinct from s.price_id
       and exists (select from public.payments p
                    where p.account_id = p_account and p.provider = s.provider and p.subscription_id = s.subscription_id and p.kind = 'charge'
                      and p.status = 'succeeded' and p.amount_minor > 0)),
  followed as (
    update public.billing_subscriptions s set first_price_id = coalesce(s.first_price_id, r.new_price), counted_price_id = r.new_price
      from repriced r where s.provider = r.provider and s.subscription_id = r.subscription_id),
  moved as (
    select v.currency, sum(case v.id when r.new_price then v.annual else -v.annual end) as amount
      from repriced r join public.annual_prices v on v.id in (r.old_price, r.new_price)
     where r.old_price is not null group by r.provider, r.subscription_id, v.currency)
  insert into public.payment_figure_changes (day, currency, figure, n, amount)
  select (clock_timestamp() at time zone 'UTC')::date, currency, case when amount > 0 then 'expansion' else 'contraction' end, 1, abs(amount)
    from moved where amount <> 0;

  select c.figures into counted from public.counted_payments c where c.account_id = p_account;
  known := found;
  select coalesce(jsonb_agg(to_jsonb(f) order by f.day, f.currency, f.figure), '[]') into present from public.figures_of(p_account) f;
  if present = counted or (not known and present = '[]') then return; end if;
  insert into public.payment_figure_changes (day, currency, figure, n, amount)
  select f.day, f.currency, f.figure, sum(f.n), sum(f.amount)
    from (select * from jsonb_to_recordset(present) as x (day date, currency text, figure text, n numeric, amount numeric)
          union all
          select day, currency, figure, -n, -amount from jsonb_to_recordset(coalesce(counted, '[]')) as x (day date, currency text, figure text, n numeric, amount numeric)) f
   group by 1, 2, 3 having sum(f.n) <> 0 or sum(f.amount) <> 0;
  insert into public.counted_payments as c (account_id, figures) values (p_account, present)
      on conflict (account_id) do update set figures = excluded.figures;
end $$;

-- Adds the differences written since the last call to the sums by day. First it counts some accounts that are older than the sums.
create or replace function public.sum_payments() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  waiting uuid;
begin
  for waiting in select account_id from public.counted_payments where figures is null order by account_id limit 1000 loop
    perform 1 from public.user_accounts where id = waiting for no key update;
    perform public.count_payments(waiting);
  end loop;
  with moved as (
    delete from public.payment_figure_changes returning day, currency, figure, n, amount)
  insert into public.payment_figures as f (day, currency, figure, n, amount)
  select day, currency, figure, sum(n), sum(amount) from moved group by 1, 2, 3 order by 1, 2, 3
      on conflict (day, currency, figure) do update set n = f.n + excluded.n, amount = f.amount + excluded.amount;
end $$;
