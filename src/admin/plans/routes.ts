import { Hono } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { FeatureBody, PlanBody } from '../../catalogue/schemas.ts'
import { tagOf } from '../../catalogue/tags.ts'
import { toFeatureBody, toPlanBody } from '../../catalogue/views.ts'
import type { ProblemCode } from '../../errors/app-error.ts'
import { body, params } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { ifMatch, preconditionOf } from '../../http/precondition.ts'
import { idempotent } from '../../idempotency/middleware.ts'
import { FeatureEdit, NamePath, NewFeature, NewPlan, PlanEdit, PlanFeatures, PlanPrices } from '../schemas.ts'
import { changeFeature, changePlan, createFeature, createPlan, setPlanFeatures } from './plans.ts'
import { setPlanPrices } from './prices.ts'

const features = requirePermission('features.manage')
const edited: ProblemCode[] = ['not-found', 'changed-meanwhile']
const about = (summary: string) => `${summary}; it reaches every token at its next request`

/** Plans, features, and the features of plans. */
export const planRoutes = new Hono<AuthedEnv>()
  .post(
    '/plans',
    describe('Administration', 'Make a plan', { 201: PlanBody }, ['already-exists']),
    authenticate,
    features,
    body(NewPlan),
    idempotent,
    async (c) => {
      const plan = await createPlan(c.var.deps, actorOf(c), c.req.valid('json'))
      return c.json(toPlanBody(plan), 201, { Location: `/v1/plans/${plan.name}` })
    },
  )
  .patch(
    '/plans/:name',
    describe(
      'Administration',
      about('Change or retire a plan'),
      { 200: PlanBody },
      [...edited, 'already-exists', 'seeded'],
      ifMatch,
    ),
    authenticate,
    features,
    params(NamePath),
    body(PlanEdit),
    async (c) => {
      const { name } = c.req.valid('param')
      const plan = await changePlan(c.var.deps, actorOf(c), name, c.req.valid('json'), preconditionOf(c))
      return c.json(toPlanBody(plan), 200, { ETag: tagOf(plan) })
    },
  )
  .put(
    '/plans/:name/features',
    describe('Administration', about('Set what a plan includes'), { 200: PlanBody }, edited, ifMatch),
    authenticate,
    features,
    params(NamePath),
    body(PlanFeatures),
    async (c) => {
      const { name } = c.req.valid('param')
      const { features } = c.req.valid('json')
      const plan = await setPlanFeatures(c.var.deps, actorOf(c), name, features, preconditionOf(c))
      return c.json(toPlanBody(plan), 200, { ETag: tagOf(plan) })
    },
  )
  .put(
    '/plans/:name/prices',
    describe(
      'Administration',
      'Set what a plan costs, in all its currencies; who pays an earlier price goes on paying it',
      { 200: PlanBody },
      edited,
      ifMatch,
    ),
    authenticate,
    features,
    params(NamePath),
    body(PlanPrices),
    async (c) => {
      const { name } = c.req.valid('param')
      const { prices } = c.req.valid('json')
      const plan = await setPlanPrices(c.var.deps, actorOf(c), name, prices, preconditionOf(c))
      return c.json(toPlanBody(plan), 200, { ETag: tagOf(plan) })
    },
  )
  .post(
    '/features',
    describe('Administration', 'Make a feature', { 201: FeatureBody }, ['already-exists']),
    authenticate,
    features,
    body(NewFeature),
    idempotent,
    async (c) => {
      const feature = await createFeature(c.var.deps, actorOf(c), c.req.valid('json'))
      return c.json(toFeatureBody(feature), 201, { Location: `/v1/features/${feature.name}` })
    },
  )
  .patch(
    '/features/:name',
    describe('Administration', about('Change or retire a feature'), { 200: FeatureBody }, edited, ifMatch),
    authenticate,
    features,
    params(NamePath),
    body(FeatureEdit),
    async (c) => {
      const { name } = c.req.valid('param')
      const feature = await changeFeature(c.var.deps, actorOf(c), name, c.req.valid('json'), preconditionOf(c))
      return c.json(toFeatureBody(feature), 200, { ETag: tagOf(feature) })
    },
  )
