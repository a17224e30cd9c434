import { Hono } from 'hono'
import { z } from 'zod'
import { actorOf } from '../access/actor.ts'
import { authenticate, authenticateOrKey } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeature, requireFeatures } from '../access/feature-guards.ts'
import { requirePermission } from '../access/guards.ts'
import { recentOrPassword } from '../auth/recent-guard.ts'
import { UserBody } from '../auth/schemas.ts'
import { GrantBody } from '../catalogue/schemas.ts'
import { AppError } from '../errors/app-error.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import { streamed } from '../http/output/streamed.ts'
import { limitOf, readDashboard, readDashboardDays, readEntitlements, readUsageReport } from './dashboard.ts'
import { eraseSelf } from './erasure.ts'
import { exportAccount } from './export.ts'
import { changeProfile, readOwnAudit, readUser } from './profile.ts'
import {
  AuditItemBody,
  DashboardBody,
  DashboardDaysBody,
  EntitlementsBody,
  Erasure,
  ExportBody,
  ProfileChange,
  ReportBody,
  ReportQuery,
} from './schemas.ts'

const ExportQuery = z.lazy(() => z.strictObject({ format: z.enum(['json', 'csv']).default('json') }))

const me = new Hono<AuthedEnv>()
  .get(
    '/',
    describe('Account', 'The person behind the token', { 200: UserBody }),
    authenticateOrKey('profile.read'),
    requirePermission('profile.read'),
    noInput,
    async (c) => c.json(await readUser(c.var.deps, c.var.principal), 200),
  )
  .patch(
    '/',
    describe('Account', 'Change names, phone, language or time zone', { 200: UserBody }),
    authenticate,
    requirePermission('profile.update'),
    body(ProfileChange),
    async (c) => c.json(await changeProfile(c.var.deps, actorOf(c), c.req.valid('json')), 200),
  )
  .delete(
    '/',
    describe('Account', 'Erase the account, for good', { 204: null }, ['last-superadmin', 'demote-first']),
    authenticate,
    requirePermission('profile.delete'),
    body(Erasure, { compared: ['password'] }),
    recentOrPassword<Erasure>(),
    async (c) => {
      await eraseSelf(c.var.deps, actorOf(c), c.var.context.passwordVersion)
      return c.body(null, 204)
    },
  )
  .get(
    '/entitlements',
    describe('Entitlements', 'What the person may do, and has used', { 200: EntitlementsBody }),
    authenticateOrKey('profile.read'),
    noInput,
    async (c) => c.json(await readEntitlements(c.var.deps, c.var.principal), 200),
  )
  .get(
    '/audit-logs',
    describe('Account', 'The own audit trail', { 200: listOf(AuditItemBody) }),
    authenticate,
    requireFeature('audit_logs'),
    query(Paging),
    noBody,
    async (c) => {
      const entries = await readPageById(c.req.valid('query'), (slice) =>
        readOwnAudit(c.var.deps, c.var.principal, slice),
      )
      return c.json(entries, 200)
    },
  )
  .get(
    '/export',
    describe(
      'Account',
      "The person's data; as CSV with data_export",
      { 200: { json: ExportBody, also: { 'text/csv': 'A line for each value: part, row, field, value' } } },
      ['feature-not-in-plan'],
    ),
    authenticateOrKey('profile.read'),
    query(ExportQuery),
    noBody,
    async (c) => {
      const { deps, principal } = c.var
      const { format } = c.req.valid('query')
      if (format === 'csv') {
        if (principal.apiKeyId !== null) throw new AppError('api-key-not-allowed')
        requireFeatures(deps.catalogue.current, principal, ['data_export'])
      }
      const data = await exportAccount(deps, actorOf(c), format)
      const types = {
        json: 'application/json',
        csv: 'text/csv; charset=utf-8',
      }
      return streamed<z.output<typeof ExportBody>>(c, data, {
        'Content-Type': types[format],
        'Content-Disposition': `attachment; filename="manas360-export.${format}"`,
      })
    },
  )

export const accountRoutes = new Hono<AuthedEnv>()
  .route('/me', me)
  .get(
    '/entitlements/:feature',
    describe('Entitlements', 'Whether a feature is granted, and its limit', { 200: GrantBody }, [
      'feature-not-in-plan',
      'not-found',
    ]),
    authenticateOrKey('profile.read'),
    noInput,
    (c) => {
      const deps = c.get('deps')
      const principal = c.get('principal')
      const feature = c.req.param('feature')
      if (!deps.catalogue.current.features.has(feature)) throw new AppError('not-found')
      requireFeatures(deps.catalogue.current, principal, [feature])
      return c.json({ feature, granted: true as const, limit: limitOf(deps, principal, feature) }, 200)
    },
  )
  .get(
    '/dashboard',
    describe('Dashboard', 'Plan, usage, sessions, last sign-ins', { 200: DashboardBody }),
    authenticateOrKey('dashboard.read'),
    requirePermission('dashboard.read'),
    noInput,
    async (c) => c.json(await readDashboard(c.var.deps, c.var.principal), 200),
  )
  .get(
    '/dashboard/insights',
    describe('Dashboard', '30 days of own API use and sign-ins, by days of the own time zone', {
      200: DashboardDaysBody,
    }),
    authenticateOrKey('dashboard.read'),
    requirePermission('dashboard.read'),
    requireFeature('premium_dashboard'),
    noInput,
    async (c) => c.json(await readDashboardDays(c.var.deps, c.var.principal), 200),
  )
  .get(
    '/reports/usage',
    describe('Dashboard', 'Own API use by day (of the own time zone), week or route', { 200: ReportBody }),
    authenticateOrKey('dashboard.read'),
    requireFeature('advanced_reporting'),
    query(ReportQuery),
    noBody,
    async (c) => c.json(await readUsageReport(c.var.deps, c.var.principal, c.req.valid('query')), 200),
  )
