import type { Limits } from '../../catalogue/catalogue.ts'
import type { Db } from '../../db/types.ts'

export type PlanValues = {
  name: string
  displayName: string
  description: string
  tier: number
  priceMonthlyMinor: number | null
  priceYearlyMinor: number | null
  currency: string
  trialDays: number
  featured: boolean
  retired: boolean
} & Limits

/** Inserts a plan. The unique constraints refuse a taken name or tier. */
export async function insertPlan(sql: Db, { retired: _, ...plan }: PlanValues): Promise<void> {
  await sql`insert into subscription_plans ${sql(plan)}`
}

/** A plan, its row locked against other edits until the transaction ends; null where there is none. */
export async function lockPlan(sql: Db, name: string): Promise<PlanValues | null> {
  const [row] = await sql<PlanValues[]>`
    select name, display_name, description, tier, price_monthly_minor::float8, price_yearly_minor::float8, currency, trial_days, featured,
           retired_at is not null as retired, max_users::float8, max_api_requests_per_month::float8, max_storage_gb::float8, api_requests_per_minute
      from subscription_plans where name = ${name} for update`
  return row ?? null
}

/** Writes all values of a plan but its name. The caller has locked it. */
export async function updatePlan(sql: Db, name: string, { retired, name: _, ...plan }: PlanValues): Promise<void> {
  await sql`
    update subscription_plans set ${sql(plan)}, retired_at = case when ${retired} then coalesce(retired_at, clock_timestamp()) end where name = ${name}`
}

/** Replaces the features of a plan, with their limits. The caller has locked the plan. */
export async function replacePlanFeatures(
  sql: Db,
  plan: string,
  features: { name: string; limit: number | null }[],
): Promise<void> {
  await sql`delete from plan_features where plan = ${plan}`
  await sql`
    insert into plan_features (plan, feature, limit_value)
    select ${plan}, f.name, f.limit_value
      from unnest(${features.map(({ name }) => name)}::text[], ${features.map(({ limit }) => limit)}::bigint[]) f (name, limit_value)`
}

/** A price that an administrator sets, in minor units. */
export type PriceValues = { currency: string; interval: 'month' | 'year'; amountMinor: number; taxInclusive: boolean }

/**
 * Retires the offered prices that are not listed, and offers those that are. A price that stays keeps its id. The
 * caller has locked the plan.
 */
export async function replacePlanPrices(sql: Db, plan: string, prices: PriceValues[]): Promise<void> {
  const given = sql`
    unnest(${prices.map(({ currency }) => currency)}::text[], ${prices.map(({ interval }) => interval)}::text[],
           ${prices.map(({ amountMinor }) => amountMinor)}::bigint[], ${prices.map(({ taxInclusive }) => String(taxInclusive))}::text[]::boolean[])
      g (currency, billing_interval, amount_minor, tax_inclusive)`
  await sql`
    update plan_prices p set retired_at = clock_timestamp()
     where plan = ${plan} and retired_at is null
       and not exists (select from ${given} where (g.currency, g.billing_interval, g.amount_minor, g.tax_inclusive)
                         = (p.currency, p.billing_interval, p.amount_minor, p.tax_inclusive))`
  await sql`
    insert into plan_prices (plan, currency, billing_interval, amount_minor, tax_inclusive)
    select ${plan}, g.currency, g.billing_interval, g.amount_minor, g.tax_inclusive from ${given}
        on conflict (plan, currency, billing_interval) where retired_at is null do nothing`
}

export type FeatureValues = {
  name: string
  displayName: string
  description: string
  category: string
  retired: boolean
}

/** Inserts a feature. The primary key refuses a taken name. */
export async function insertFeature(sql: Db, { retired: _, ...feature }: FeatureValues): Promise<void> {
  await sql`insert into features ${sql(feature)}`
}

/** A feature, its row locked against other edits until the transaction ends; null where there is none. */
export async function lockFeature(sql: Db, name: string): Promise<FeatureValues | null> {
  const [row] = await sql<FeatureValues[]>`
    select name, display_name, description, category, retired_at is not null as retired from features where name = ${name} for update`
  return row ?? null
}

/** Writes all values of a feature but its name. The caller has locked it. */
export async function updateFeature(
  sql: Db,
  name: string,
  { retired, name: _, ...feature }: FeatureValues,
): Promise<void> {
  await sql`update features set ${sql(feature)}, retired_at = case when ${retired} then coalesce(retired_at, clock_timestamp()) end where name = ${name}`
}
