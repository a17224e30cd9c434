import type { Feature, Plan, Role } from './catalogue.ts'

/** The representation of a plan. */
export function toPlanBody({ featureNames: _, retired: __, prices, ...plan }: Plan) {
  return { ...plan, prices: prices.map(({ id: _, ...price }) => price) }
}

/** The representation of a feature in the public catalogue. */
export function toFeatureBody({ retired: _, ...feature }: Feature) {
  return feature
}

/** The representation of a role, without its retirement. */
export function toRoleBody({ retired: _, ...role }: Role) {
  return role
}
