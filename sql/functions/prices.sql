-- Trigger: keeps the offered prices in a plan's own currency as the plan's row states them, and retires those that it no longer offers.
create or replace function public.keep_own_prices() returns trigger language plpgsql
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
