import { Hono } from 'hono'
import { z } from 'zod'
import { AppError } from '../errors/app-error.ts'
import { Paging, Slug } from '../http/input/fields.ts'
import { noBody, noInput, params, query } from '../http/input/validate.ts'
import { cached } from '../http/middleware/cached.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPage } from '../http/output/page.ts'
import type { PublicEnv } from '../http/request.ts'
import { CatalogueBody, FeatureBody, PlanBody } from './schemas.ts'
import { tagOf } from './tags.ts'
import { toFeatureBody, toPlanBody, toRoleBody } from './views.ts'

const NamePath = z.lazy(() => z.strictObject({ name: Slug }))

const cachedByVersion = cached(60, (c) => c.get('deps').catalogue.current.version)

export const catalogueRoutes = new Hono<PublicEnv>()
  .get(
    '/plans',
    describe('Catalogue', 'Plans by tier', { 200: listOf(PlanBody), 304: null }),
    query(Paging),
    noBody,
    cachedByVersion,
    async (c) => {
      const plans = offered(c.get('deps').catalogue.current.plans).map(toPlanBody)
      return c.json(await pageOf(plans, c.req.valid('query'), (plan) => [plan.tier, plan.name]), 200)
    },
  )
  .get(
    '/plans/:name',
    describe('Catalogue', 'One plan', { 200: PlanBody, 304: null }, ['not-found']),
    params(NamePath),
    noInput,
    cachedByVersion,
    (c) => {
      const plan = c.get('deps').catalogue.current.plans.get(c.req.valid('param').name)
      if (!plan || plan.retired) throw new AppError('not-found')
      return c.json(toPlanBody(plan), 200, { ETag: tagOf(plan) })
    },
  )
  .get(
    '/features',
    describe('Catalogue', 'Features by name', { 200: listOf(FeatureBody), 304: null }),
    query(Paging),
    noBody,
    cachedByVersion,
    async (c) => {
      const features = offered(c.get('deps').catalogue.current.features).map(toFeatureBody)
      return c.json(await pageOf(features, c.req.valid('query'), (feature) => [0, feature.name]), 200)
    },
  )
  .get(
    '/features/:name',
    describe('Catalogue', 'One feature', { 200: FeatureBody, 304: null }, ['not-found']),
    params(NamePath),
    noInput,
    cachedByVersion,
    (c) => {
      const feature = c.get('deps').catalogue.current.features.get(c.req.valid('param').name)
      if (!feature || feature.retired) throw new AppError('not-found')
      return c.json(toFeatureBody(feature), 200, { ETag: tagOf(feature) })
    },
  )
  .get(
    '/catalogue',
    describe('Catalogue', 'Roles, permissions, plans and features with their version', {
      200: CatalogueBody,
      304: null,
    }),
    noInput,
    cachedByVersion,
    (c) => {
      const { version, roles, permissions, plans, features } = c.get('deps').catalogue.current
      return c.json(
        {
          version,
          roles: offered(roles).map(toRoleBody),
          permissions: [...permissions.values()],
          plans: offered(plans).map(toPlanBody),
          features: offered(features).map(toFeatureBody),
        },
        200,
      )
    },
  )

function offered<T extends { retired: boolean }>(items: ReadonlyMap<string, T>): T[] {
  return [...items.values()].filter(({ retired }) => !retired)
}

/** A page of a list in memory. */
function pageOf<T>(items: T[], query: z.output<typeof Paging>, keyOf: (item: T) => [number, string]) {
  const follows = (item: T, [rankBefore, nameBefore]: [number, string]) => {
    const [rank, name] = keyOf(item)
    return rank > rankBefore || (rank === rankBefore && name > nameBefore)
  }
  return readPage(
    query,
    ['number', 'string'],
    ({ limit, after }) => items.filter((item) => after === null || follows(item, after)).slice(0, limit),
    keyOf,
  )
}
