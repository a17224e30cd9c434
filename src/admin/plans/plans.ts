import type { Actor } from '../../access/actor.ts'
import { freePlan } from '../../access/lapse.ts'
import { bytesOfFeatures, maxFeaturesBytes } from '../../access/rights.ts'
import { feature as featureEntity, plan as planEntity } from '../../audit/actor.ts'
import type { Catalogue, Feature, Plan } from '../../catalogue/catalogue.ts'
import { readCatalogue } from '../../catalogue/current.ts'
import { tagOf } from '../../catalogue/tags.ts'
import { isUniqueViolation } from '../../db/database.ts'
import type { Tx } from '../../db/types.ts'
import { AppError, invalid } from '../../errors/app-error.ts'
import type { Precondition } from '../../http/precondition.ts'
import { changeCatalogue } from '../change-catalogue.ts'
import type { AdminDeps } from '../deps.ts'
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

/** Makes a plan. @throws AppError `already-exists` (name or tier) */
export async function createPlan(deps: AdminDeps, actor: Actor, plan: NewPlan): Promise<Plan> {
  return edit(
    deps,
    actor,
    (catalogue) => requirePlan(catalogue, plan.name),
    async (tx) => {
      await insertPlan(tx, { ...plan, retired: false })
      await deps.audit.record(tx, actor, 'plan.create', planEntity(plan.name), { details: { ...plan } })
    },
  )
}

/**
 * Changes a plan, for everybody on it from the next request on. @throws AppError `not-found`, `seeded` (retiring free)
 */
export async function changePlan(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  change: PlanEdit,
  precondition: Precondition | null = null,
): Promise<Plan> {
  return editPlan(deps, actor, name, precondition, async (tx, plan) => {
    const changed = { ...plan, ...defined(change) }
    if (name === freePlan && changed.retired)
      throw new AppError('seeded', { detail: 'The free plan is what everybody falls back to.' })
    if (name === freePlan && (changed.priceMonthlyMinor !== 0 || changed.priceYearlyMinor !== 0))
      throw invalid('priceMonthlyMinor', 'The free plan costs nothing.')
    if ((changed.priceMonthlyMinor === null) !== (changed.priceYearlyMinor === null))
      throw invalid('priceMonthlyMinor', 'Give both prices, or neither for a plan by quote.')
    if (Bun.deepEquals(plan, changed)) return 'unchanged'
    await updatePlan(tx, name, changed)
    await deps.audit.record(tx, actor, 'plan.update', planEntity(name), { details: defined(change) })
  })
}

/**
 * Sets the features of a plan.
 * @throws AppError `not-found`; `validation-failed` for an unknown or repeated feature, and for more than a token has
 *   room for
 */
export async function setPlanFeatures(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  wanted: PlanFeature[],
  precondition: Precondition | null = null,
): Promise<Plan> {
  const features = wanted.map(({ name, limit = null }) => ({ name, limit }))
  for (const [index, feature] of features.entries()) {
    if (!deps.catalogue.current.features.has(feature.name))
      throw invalid(`features.${index}.name`, `There is no feature "${feature.name}".`, 'unknown')
    if (features.findIndex((other) => other.name === feature.name) < index)
      throw invalid(`features.${index}.name`, `"${feature.name}" appears twice.`, 'duplicate')
  }
  // Tokens above the limit of 4,096 characters would lock out everybody on the plan.
  if (bytesOfFeatures(features.map(({ name }) => name)) > maxFeaturesBytes)
    throw invalid(
      'features',
      `Their names take more than the ${maxFeaturesBytes} bytes that a token has for them.`,
      'too-many',
    )
  return editPlan(deps, actor, name, precondition, async (tx) => {
    await replacePlanFeatures(tx, name, features)
    await deps.audit.record(tx, actor, 'plan.set_features', planEntity(name), { details: { features } })
  })
}

/** Makes a feature. @throws AppError `already-exists` */
export async function createFeature(deps: AdminDeps, actor: Actor, feature: NewFeature): Promise<Feature> {
  return edit(
    deps,
    actor,
    (catalogue) => requireFeatureItem(catalogue, feature.name),
    async (tx) => {
      await insertFeature(tx, { ...feature, retired: false })
      await deps.audit.record(tx, actor, 'feature.create', featureEntity(feature.name), { details: { ...feature } })
    },
  )
}

/** Changes a feature. @throws AppError `not-found` */
export async function changeFeature(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  change: FeatureEdit,
  precondition: Precondition | null = null,
): Promise<Feature> {
  return edit(
    deps,
    actor,
    (catalogue) => requireFeatureItem(catalogue, name),
    async (tx) => {
      const feature = await lockFeature(tx, name)
      if (!feature) throw new AppError('not-found')
      precondition?.(tagOf(requireFeatureItem(await readCatalogue(tx), name)))
      const changed = { ...feature, ...defined(change) }
      if (Bun.deepEquals(feature, changed)) return 'unchanged'
      await updateFeature(tx, name, changed)
      await deps.audit.record(tx, actor, 'feature.update', featureEntity(name), { details: defined(change) })
    },
  )
}

/** Edits a plan whose row it locks. @throws AppError `not-found`, `changed-meanwhile` */
export async function editPlan(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  precondition: Precondition | null,
  write: (tx: Tx, plan: PlanValues) => Promise<'unchanged' | undefined>,
): Promise<Plan> {
  return edit(
    deps,
    actor,
    (catalogue) => requirePlan(catalogue, name),
    async (tx) => {
      const plan = await lockPlan(tx, name)
      if (!plan) throw new AppError('not-found')
      precondition?.(tagOf(requirePlan(await readCatalogue(tx), name)))
      return write(tx, plan)
    },
  )
}

/** Edits the catalogue. @throws AppError `already-exists` for a name or tier that another plan or feature has */
async function edit<T>(
  deps: AdminDeps,
  actor: Actor,
  answer: (catalogue: Catalogue) => T,
  write: (tx: Tx) => Promise<'unchanged' | undefined>,
): Promise<T> {
  try {
    return await changeCatalogue(deps, actor, { permission, write, answer })
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

/** @throws AppError `not-found` */
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
