import type { Principal } from '../../access/principal.ts'
import { bytesOfFeatures, MaxFeaturesBytes } from '../../access/rights.ts'
import { type Client, record } from '../../audit/record.ts'
import type { Catalogue, Feature, Plan } from '../../catalogue/catalogue.ts'
import { isUniqueViolation } from '../../db/database.ts'
import type { Tx } from '../../db/types.ts'
import type { Deps } from '../../deps.ts'
import { AppError, invalid } from '../../errors/app-error.ts'
import { changeCatalogue } from '../roles/roles.ts'
import {
  type FeatureValues,
  insertFeature,
  insertPlan,
  lockFeature,
  lockPlan,
  type PlanValues,
  replacePlanFeatures,
  updateFeature,
  updatePlan,
} from './queries.ts'

const permission = 'features.manage'

type PlanFeature = { name: string; limit?: number | null }
export type NewPlan = Omit<PlanValues, 'retired'>
export type PlanEdit = Partial<Omit<PlanValues, 'name'>>
export type NewFeature = Omit<FeatureValues, 'retired'>
export type FeatureEdit = Partial<Omit<FeatureValues, 'name'>>

/** @throws AppError `already-exists` (name or tier) */
export async function createPlan(deps: Deps, actor: Principal, plan: NewPlan, client: Client): Promise<Plan> {
  const catalogue = await edit(deps, actor, async (tx) => {
    await insertPlan(tx, { ...plan, retired: false })
    await audit(tx, deps, 'plan.create', actor, 'plan', plan.name, client, { ...plan })
  })
  return requirePlan(catalogue, plan.name)
}

/** Changes a plan; it reaches everybody on it at their next request. @throws AppError `not-found`, `seeded` (retiring free) */
export async function changePlan(
  deps: Deps,
  actor: Principal,
  name: string,
  change: PlanEdit,
  client: Client,
): Promise<Plan> {
  const catalogue = await edit(deps, actor, async (tx) => {
    const plan = await lockPlan(tx, name)
    if (!plan) throw new AppError('not-found')
    const changed = { ...plan, ...defined(change) }
    if (name === 'free' && changed.retired)
      throw new AppError('seeded', { detail: 'The free plan is what everybody falls back to.' })
    if ((changed.priceMonthlyMinor === null) !== (changed.priceYearlyMinor === null))
      throw invalid('priceMonthlyMinor', 'Give both prices, or neither for a plan by quote.')
    if (Bun.deepEquals(plan, changed)) return 'unchanged'
    await updatePlan(tx, name, changed)
    await audit(tx, deps, 'plan.update', actor, 'plan', name, client, defined(change))
  })
  return requirePlan(catalogue, name)
}

/** Sets what a plan includes. @throws AppError `not-found`, `validation-failed` for an unknown or repeated feature, and for more than a token holds */
export async function setPlanFeatures(
  deps: Deps,
  actor: Principal,
  name: string,
  wanted: PlanFeature[],
  client: Client,
): Promise<Plan> {
  const features = wanted.map(({ name, limit = null }) => ({ name, limit }))
  for (const [index, feature] of features.entries()) {
    if (!deps.catalogue.current.features.has(feature.name))
      throw invalid(`features.${index}.name`, `There is no feature "${feature.name}".`, 'unknown')
    if (features.findIndex((other) => other.name === feature.name) < index)
      throw invalid(`features.${index}.name`, `"${feature.name}" appears twice.`, 'duplicate')
  }
  // Tokens that are too long to be read would lock everybody on the plan out.
  if (bytesOfFeatures(features.map(({ name }) => name)) > MaxFeaturesBytes)
    throw invalid(
      'features',
      `Their names take more than the ${MaxFeaturesBytes} bytes that a token has for them.`,
      'too-many',
    )
  const catalogue = await edit(deps, actor, async (tx) => {
    if (!(await lockPlan(tx, name))) throw new AppError('not-found')
    await replacePlanFeatures(tx, name, features)
    await audit(tx, deps, 'plan.set_features', actor, 'plan', name, client, { features })
  })
  return requirePlan(catalogue, name)
}

/** @throws AppError `already-exists` */
export async function createFeature(
  deps: Deps,
  actor: Principal,
  feature: NewFeature,
  client: Client,
): Promise<Feature> {
  const catalogue = await edit(deps, actor, async (tx) => {
    await insertFeature(tx, { ...feature, retired: false })
    await audit(tx, deps, 'feature.create', actor, 'feature', feature.name, client, { ...feature })
  })
  return requireFeatureItem(catalogue, feature.name)
}

/** @throws AppError `not-found` */
export async function changeFeature(
  deps: Deps,
  actor: Principal,
  name: string,
  change: FeatureEdit,
  client: Client,
): Promise<Feature> {
  const catalogue = await edit(deps, actor, async (tx) => {
    const feature = await lockFeature(tx, name)
    if (!feature) throw new AppError('not-found')
    const changed = { ...feature, ...defined(change) }
    if (Bun.deepEquals(feature, changed)) return 'unchanged'
    await updateFeature(tx, name, changed)
    await audit(tx, deps, 'feature.update', actor, 'feature', name, client, defined(change))
  })
  return requireFeatureItem(catalogue, name)
}

async function edit(
  deps: Deps,
  actor: Principal,
  work: (tx: Tx) => Promise<'unchanged' | undefined>,
): Promise<Catalogue> {
  try {
    return await changeCatalogue(deps, actor, permission, work)
  } catch (error) {
    for (const [constraint, field] of [
      ['subscription_plans_pkey', 'name'],
      ['subscription_plans_tier_key', 'tier'],
      ['features_pkey', 'name'],
    ] as const)
      if (isUniqueViolation(error, constraint))
        throw new AppError('already-exists', { members: { field }, cause: error })
    throw error
  }
}

function requirePlan(catalogue: Catalogue, name: string): Plan {
  const plan = catalogue.plans.get(name)
  if (!plan) throw new AppError('not-found')
  return plan
}

function requireFeatureItem(catalogue: Catalogue, name: string): Feature {
  const feature = catalogue.features.get(name)
  if (!feature) throw new AppError('not-found')
  return feature
}

function defined<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

function audit(
  tx: Tx,
  deps: Deps,
  action: string,
  actor: Principal,
  entityType: string,
  entityId: string,
  client: Client,
  details: Record<string, unknown>,
): Promise<void> {
  return record(tx, deps.audit, { action, actorId: actor.accountId, entityType, entityId, client, details })
}
