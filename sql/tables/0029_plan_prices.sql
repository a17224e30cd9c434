-- What plans cost, in several currencies. A price is never changed: it is retired, and those who pay it go on paying it.
create table public.plan_prices (
  id               uuid primary key default public.uuid_v7(),
  plan             public.slug not null references public.subscription_plans (name),
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  billing_interval text not null check (billing_interval in ('month', 'year')),
  amount_minor     bigint not null check (amount_minor between 1 and 9007199254740991),
  tax_inclusive    boolean not null default false,
  created_at       timestamptz not null default clock_timestamp(),
  retired_at       timestamptz
);
create unique index plan_prices_offered on public.plan_prices (plan, currency, billing_interval) where retired_at is null;

-- Trigger: the prices in a plan's own currency are offered as the plan's row says. Replaced by sql/functions/prices.sql.
create function public.keep_own_prices() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  item record; same boolean; tax boolean;
begin
  if tg_op = 'UPDATE' and old.currency <> new.currency then
    update public.plan_prices set retired_at = clock_timestamp() where plan = new.name and currency = old.currency and retired_at is null;
  end if;
  for item in select 'month' as period, new.price_monthly_minor as amount union all select 'year', new.price_yearly_minor loop
    select p.amount_minor = item.amount, p.tax_inclusive into same, tax from public.plan_prices p
     where p.plan = new.name and p.currency = new.currency and p.billing_interval = item.period and p.retired_at is null;
    if same then continue; end if;
    update public.plan_prices set retired_at = clock_timestamp()
     where plan = new.name and currency = new.currency and billing_interval = item.period and retired_at is null;
    if item.amount > 0 then
      insert into public.plan_prices (plan, currency, billing_interval, amount_minor, tax_inclusive)
      values (new.name, new.currency, item.period, item.amount, coalesce(tax, false));
    end if;
  end loop;
  return null;
end $$;
create trigger keep_own_prices after insert or update of currency, price_monthly_minor, price_yearly_minor on public.subscription_plans
  for each row execute function public.keep_own_prices();
insert into public.plan_prices (plan, currency, billing_interval, amount_minor)
select p.name, p.currency, v.period, v.amount
  from public.subscription_plans p cross join lateral (values ('month', p.price_monthly_minor), ('year', p.price_yearly_minor)) v (period, amount)
 where v.amount > 0;
