import type { Feature, Plan, Role } from './catalogue.ts'

/** A plan as the API shows it. */
export function toPlanBody({ featureNames: _, retired: __, prices, ...plan }: Plan) {
  return { ...plan, prices: prices.map(({ id: _, ...price }) => price) }
}

/** A feature as the public catalogue shows it. */
export function toFeatureBody({ retired: _, ...feature }: Feature) {
  return feature
}

export function toRoleBody({ retired: _, ...role }: Role) {
  return role
}
