import { z } from 'zod'
import { LimitsBody } from '../catalogue/schemas.ts'
import { IsoDate, LanguageTag, PersonName, PhoneNumber, TimeZone } from '../http/input/fields.ts'
import { PresentedPassword } from '../http/input/password.ts'

/** `null` clears an optional field; language and time zone cannot be cleared. */
export const ProfileChange = z.lazy(() =>
  z
    .strictObject({
      firstName: PersonName.nullable().optional(),
      lastName: PersonName.nullable().optional(),
      phoneNumber: PhoneNumber.nullable().optional(),
      language: LanguageTag.optional(),
      timezone: TimeZone.optional(),
    })
    .meta({ ref: 'ProfileChange' }),
)
export type ProfileChange = z.infer<typeof ProfileChange>

export const Erasure = z.lazy(() =>
  z
    .strictObject({
      password: PresentedPassword.optional().meta({
        description: 'Needed unless the person showed who they are within the last 10 minutes.',
      }),
    })
    .meta({ ref: 'Erasure' }),
)
export type Erasure = z.infer<typeof Erasure>

const Count = z.number().min(0)
const QuotaBody = z.lazy(() => z.object({ used: Count, limit: Count.nullable(), resetsAt: z.iso.datetime() }))

export const EntitlementsBody = z.lazy(() =>
  z
    .object({
      plan: z.string(),
      tier: z.int().min(0).max(1000),
      role: z.string(),
      privilegeLevel: z.int().min(0).max(100),
      permissions: z.array(z.string()),
      features: z.array(z.string()),
      limits: LimitsBody,
      usage: z.object({ apiRequests: QuotaBody }).catchall(QuotaBody),
    })
    .meta({ ref: 'Entitlements' }),
)

export const DashboardBody = z.lazy(() =>
  z
    .object({
      plan: z.object({
        name: z.string(),
        displayName: z.string(),
        tier: z.int().min(0).max(1000),
        endsAt: z.iso.datetime().nullable(),
      }),
      usage: z.object({ requestsToday: Count, requestsThisMonth: Count }),
      sessions: z.object({ live: Count }),
      lastSignIns: z.array(
        z.object({ at: z.iso.datetime(), outcome: z.enum(['succeeded', 'failed']), ipAddress: z.string().nullable() }),
      ),
    })
    .meta({ ref: 'Dashboard' }),
)

export const DashboardDaysBody = z.lazy(() =>
  z
    .object({
      from: z.iso.date(),
      to: z.iso.date(),
      days: z.array(z.object({ day: z.iso.date(), requests: Count, signIns: Count, failedSignIns: Count })),
    })
    .meta({ ref: 'Insights' }),
)

export const ReportQuery = z.lazy(() =>
  z.strictObject({
    from: IsoDate.optional(),
    to: IsoDate.optional(),
    groupBy: z.enum(['day', 'week', 'route']).default('day'),
  }),
)
export type ReportQuery = z.infer<typeof ReportQuery>

export const ReportBody = z.lazy(() =>
  z
    .object({
      from: z.iso.date(),
      to: z.iso.date(),
      groupBy: z.enum(['day', 'week', 'route']),
      total: Count,
      rows: z.array(z.object({ key: z.string(), requests: Count })),
    })
    .meta({ ref: 'UsageReport' }),
)

export const AuditItemBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      at: z.iso.datetime(),
      action: z.string(),
      entityType: z.string(),
      entityId: z.string().nullable(),
      requestId: z.string().nullable(),
      details: z.record(z.string(), z.unknown()),
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
    })
    .meta({ ref: 'AuditItem' }),
)

const Rows = z.array(z.record(z.string(), z.unknown()))
export const ExportBody = z.lazy(() =>
  z
    .object({
      exportedAt: z.iso.datetime(),
      account: Rows,
      sessions: Rows,
      authenticatorApps: Rows,
      recoveryCodes: Rows,
      apiKeys: Rows,
      accountLinks: Rows,
      consents: Rows,
      passkeys: Rows,
      identities: Rows,
      webhooks: Rows,
      loginAttempts: Rows,
      subscriptions: Rows,
      featureOverrides: Rows,
      payments: Rows,
      paidSubscriptions: Rows,
      paymentCustomers: Rows,
      paymentRequests: Rows,
      trials: Rows,
      teams: Rows,
      teamMembership: Rows,
      teamInvitations: Rows,
      idempotencyKeys: Rows,
      mails: Rows,
      usage: Rows,
      invitation: Rows,
      inactivityNotices: Rows,
      apiQuota: Rows,
      auditTrail: Rows,
    })
    .meta({ ref: 'Export' }),
)
