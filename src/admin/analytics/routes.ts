import { Hono } from 'hono'
import { z } from 'zod'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { IsoDate } from '../../http/input/fields.ts'
import { noBody, noInput, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { readOverview, readPlans, readRevenue, readSecurity, readSignUps, toRange } from './analytics.ts'
import { readDenials } from './denials.ts'
import { paymentFigures } from './payment-schemas.ts'
import { readPaymentFigures } from './payments.ts'

const RangeQuery = z.lazy(() => z.strictObject({ from: IsoDate.optional(), to: IsoDate.optional() }))
const Count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const stamped = { asOf: z.iso.datetime().nullable().meta({ description: 'when the views were refreshed last' }) }
const Mrr = z
  .array(z.object({ currency: z.string(), mrrMinor: Count }))
  .meta({ description: 'monthly recurring revenue of what renews, in minor units' })
const Seats = z.object({
  sold: Count.meta({ description: "that the owners' plans give" }),
  used: Count.meta({ description: 'people, owners too' }),
})
const ranged = { ...stamped, from: z.iso.date(), to: z.iso.date() }

const Overview = z.lazy(() =>
  z
    .object({
      ...stamped,
      accounts: Count,
      active: Count,
      locked: Count,
      invited: Count.meta({ description: 'not accepted yet; not among the accounts' }),
      paying: Count.meta({ description: 'on a plan other than free that renews: neither tried nor cancelled' }),
      trialing: Count,
      mrr: Mrr,
      teams: z.object({
        active: Count.meta({ description: 'whose owner shares a plan' }),
        asleep: Count,
        seats: Seats.meta({ description: 'of those that are active' }),
      }),
    })
    .meta({ ref: 'Overview' }),
)
const SignUps = z.lazy(() =>
  z
    .object({ ...ranged, days: z.array(z.object({ day: z.iso.date(), signUps: Count, logIns: Count })) })
    .meta({ ref: 'SignUps' }),
)
const Revenue = z.lazy(() =>
  z
    .object({
      ...ranged,
      mrr: Mrr,
      plans: z.array(
        z.object({
          plan: z.string(),
          currency: z.string(),
          started: Count,
          ended: Count,
          mrrMinor: Count,
        }),
      ),
      teams: z
        .array(
          z.object({
            day: z.iso.date(),
            plans: z.array(z.object({ plan: z.string(), teams: Count, seats: Seats })),
          }),
        )
        .meta({ description: 'as counted last on each day on which there were some; under free those that sleep' }),
    })
    .meta({ ref: 'Revenue' }),
)
const Plans = z.lazy(() =>
  z
    .object({
      ...stamped,
      accounts: Count,
      conversion: z.number().min(0).max(1).meta({ description: 'of those who are nobody’s member: who pays' }),
      plans: z.array(
        z.object({
          plan: z.string(),
          accounts: Count.meta({ description: 'members of teams are on their owner’s plan' }),
          trialing: Count,
          share: z.number().min(0).max(1),
          members: Count.meta({ description: 'of the accounts: those for whom the owner of their team pays' }),
        }),
      ),
    })
    .meta({ ref: 'PlanDistribution' }),
)
const Security = z.lazy(() =>
  z
    .object({
      ...ranged,
      days: z.array(z.object({ day: z.iso.date(), failures: Count, lockouts: Count, reuse: Count })),
      addresses: z.array(z.object({ ipAddress: z.string(), failures: Count })),
    })
    .meta({ ref: 'SecurityReport' }),
)
const Payments = z.lazy(() => z.object({ ...ranged, ...paymentFigures() }).meta({ ref: 'PaymentFigures' }))

const Denied = z.array(z.object({ feature: z.string(), denials: Count }))
const Denials = z.lazy(() =>
  z
    .object({
      from: z.iso.date(),
      to: z.iso.date(),
      features: Denied.meta({ description: 'the 50 that were lacked most, over the range' }),
      days: z.array(
        z.object({
          day: z.iso.date(),
          denials: Count.meta({ description: 'of all features' }),
          features: Denied.meta({ description: 'of the 50' }),
        }),
      ),
    })
    .meta({ ref: 'Denials', description: 'Counted as they happen; a few seconds behind.' }),
)

const reads = requirePermission('analytics.read')

/** Figures from materialised views and sums by day; each answer says how old they are. */
export const analyticsRoutes = new Hono<AuthedEnv>()
  .get(
    '/overview',
    describe('Analytics', 'The service at a glance', { 200: Overview }),
    authenticate,
    reads,
    noInput,
    async (c) => c.json(await readOverview(c.var.deps, c.var.principal), 200),
  )
  .get(
    '/signups',
    describe('Analytics', 'Sign-ups and log-ins by day', { 200: SignUps }),
    authenticate,
    reads,
    query(RangeQuery),
    noBody,
    async (c) => c.json(await readSignUps(c.var.deps, c.var.principal, toRange(c.var.deps, c.req.valid('query'))), 200),
  )
  .get(
    '/revenue',
    describe('Analytics', 'Recurring revenue by plan', { 200: Revenue }),
    authenticate,
    reads,
    query(RangeQuery),
    noBody,
    async (c) => c.json(await readRevenue(c.var.deps, c.var.principal, toRange(c.var.deps, c.req.valid('query'))), 200),
  )
  .get(
    '/payments',
    describe('Analytics', 'Payments, dunning, churn and conversion by day', { 200: Payments }),
    authenticate,
    reads,
    query(RangeQuery),
    noBody,
    async (c) =>
      c.json(await readPaymentFigures(c.var.deps, c.var.principal, toRange(c.var.deps, c.req.valid('query'))), 200),
  )
  .get(
    '/plans',
    describe('Analytics', 'Who is on which plan', { 200: Plans }),
    authenticate,
    reads,
    noInput,
    async (c) => c.json(await readPlans(c.var.deps, c.var.principal), 200),
  )
  .get(
    '/security',
    describe('Analytics', 'Failed log-ins, lockouts and reuse', { 200: Security }),
    authenticate,
    reads,
    query(RangeQuery),
    noBody,
    async (c) =>
      c.json(await readSecurity(c.var.deps, c.var.principal, toRange(c.var.deps, c.req.valid('query'))), 200),
  )
  .get(
    '/denials',
    describe('Analytics', 'Which features plans lacked, by day (UTC)', { 200: Denials }),
    authenticate,
    reads,
    query(RangeQuery),
    noBody,
    async (c) => c.json(await readDenials(c.var.deps, c.var.principal, toRange(c.var.deps, c.req.valid('query'))), 200),
  )
