import type { Db } from '../db/types.ts'
import type { Catalogue, Feature, Limits, Permission, Plan, Role } from './catalogue.ts'

type PlanRow = Omit<Plan, 'featureNames' | 'limits'> & Limits
type Row = { version: number; roles: Role[]; permissions: Permission[]; plans: PlanRow[]; features: Feature[] }

/**
 * Reads the whole catalogue and its version in one snapshot. Names are ordered by code points whatever the locale,
 * because pages compare keys in that order.
 */
export async function findCatalogue(sql: Db): Promise<Catalogue> {
  const [row] = await sql<Row[]>`
    select (select version::int from catalogue_version) as version,
      (select json_agg(json_build_object('name', name, 'description', description, 'privilegeLevel', privilege_level, 'retired', retired_at is not null,
         'permissions', array(select permission::text from role_permissions where role = r.name )) order by privilege_level, name collate "C")
         from roles r) as roles,
      (select json_agg(json_build_object('name', name, 'description', description) order by name collate "C") from permissions) as permissions,
      (select json_agg(json_build_object('name', name, 'displayName', display_name, 'description', description, 'tier', tier,
         'priceMonthlyMinor', price_monthly_minor, 'priceYearlyMinor', price_yearly_minor, 'currency', currency,
         'trialDays', trial_days, 'retired', retired_at is not null, 'featured', featured, 'maxUsers', max_users, 'maxApiRequestsPerMonth', max_api_requests_per_month,
         'maxStorageGb', max_storage_gb, 'apiRequestsPerMinute', api_requests_per_minute,
         'prices', (select coalesce(json_agg(json_build_object('id', id, 'currency', currency, 'interval', billing_interval, 'amountMinor', amount_minor,
                       'taxInclusive', tax_inclusive) order by currency collate "C", billing_interval collate "C"), '[]')
                      from plan_prices where plan = p.name and retired_at is null),
         'features', (select coalesce(json_agg(json_build_object('name', feature, 'limit', limit_value) order by feature collate "C"), '[]')
                        from plan_features where plan = p.name)) order by tier, name collate "C")
         from subscription_plans p) as plans,
      (select json_agg(json_build_object('name', name, 'displayName', display_name, 'description', description, 'category', category, 'retired', retired_at is not null) order by name collate "C")
         from features) as features`
  if (!row) throw new Error('the catalogue is empty: run migrate')
  return {
    version: row.version,
    roles: byName(row.roles.map((role) => ({ ...role, permissions: [...role.permissions].sort() }))),
    permissions: byName(row.permissions),
    features: byName(row.features),
    plans: byName(row.plans.map(toPlan)),
  }
}

function toPlan({ maxUsers, maxApiRequestsPerMonth, maxStorageGb, apiRequestsPerMinute, ...plan }: PlanRow): Plan {
  return {
    ...plan,
    featureNames: plan.features.map((feature) => feature.name).sort(),
    limits: { maxUsers, maxApiRequestsPerMonth, maxStorageGb, apiRequestsPerMinute },
  }
}

function byName<T extends { name: string }>(items: T[] | null): ReadonlyMap<string, T> {
  return new Map((items ?? []).map((item) => [item.name, item]))
}
