import { z } from 'zod'
import { UserBody } from '../auth/schemas.ts'
import { CurrencyCode } from '../catalogue/currencies.ts'
import { bounded, boundedList, IsoDateTime, PersonName, pagingFields, prose, Slug, Uuid } from '../http/input/fields.ts'
import { filledProsePattern } from '../text/patterns.ts'

const Reason = prose('A reason')
  .refine((text) => text !== '', 'Say why.')
  .meta({ pattern: filledProsePattern })

export const AccountPath = z.lazy(() => z.strictObject({ id: Uuid }))
/** The name of a role, plan or feature. */
export const NamePath = z.lazy(() => z.strictObject({ name: Slug }))
export const OverridePath = z.lazy(() => z.strictObject({ id: Uuid, name: Slug }))

/** The orders of the list of users; each has an index that ends in the id. */
export const sorts = ['createdAt', '-createdAt', 'email', '-email', 'lastLoginAt', '-lastLoginAt'] as const
export type Sort = (typeof sorts)[number]

export const UsersQuery = z.lazy(() =>
  z.strictObject({
    q: bounded(100, 'A search has at most 100 characters.').trim().min(1).meta({ pattern: '\\S' }).optional(),
    role: Slug.optional(),
    plan: Slug.optional(),
    status: z.enum(['invited', 'active', 'locked']).optional(),
    sort: z.enum(sorts).default('-createdAt'),
    ...pagingFields,
  }),
)

export const AdministeredUserBody = z.lazy(() =>
  UserBody.unwrap().extend({ lockedReason: z.string().nullable() }).meta({ ref: 'Person' }),
)

export const RoleChange = z.lazy(() => z.strictObject({ role: Slug }).meta({ ref: 'RoleChange' }))
export const Lock = z.lazy(() => z.strictObject({ reason: Reason }).meta({ ref: 'Lock' }))

export const MfaReset = z.lazy(() => z.strictObject({ reason: Reason }).meta({ ref: 'MfaReset' }))

export const Override = z.lazy(() =>
  z
    .strictObject({
      granted: z.boolean(),
      limit: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
      expiresAt: IsoDateTime.nullish(),
      reason: Reason,
    })
    .meta({ ref: 'Override' }),
)
export type Override = z.infer<typeof Override>
export const OverrideBody = z.lazy(() =>
  z
    .object({
      feature: z.string(),
      granted: z.boolean(),
      limit: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable(),
      expiresAt: z.iso.datetime().nullable(),
      reason: z.string(),
      createdAt: z.iso.datetime(),
    })
    .meta({ ref: 'OverrideInForce' }),
)

export const ExplainQuery = z.lazy(() =>
  z
    .strictObject({ permission: z.string().max(70).optional(), feature: z.string().max(70).optional() })
    .refine(
      ({ permission, feature }) => (permission === undefined) !== (feature === undefined),
      'Ask for either permission or feature.',
    ),
)
export const Explanation = z.lazy(() =>
  z
    .object({
      granted: z.boolean(),
      chain: z.array(z.object({ kind: z.string(), name: z.string(), detail: z.string() })),
    })
    .meta({ ref: 'Explanation' }),
)

export const Description = prose('A description')
/** In PATCH, null clears a description. */
export const Cleared = Description.nullable().transform((text) => text ?? '')
/** Shown to everybody, so invisible characters are refused as in a person's name. */
const DisplayName = PersonName.meta({ description: 'Any script.', examples: ['Professional'] })
const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

const planFields = () => ({
  displayName: DisplayName,
  description: Description,
  tier: z.int().min(0).max(1000),
  priceMonthlyMinor: Count.nullable(),
  priceYearlyMinor: Count.nullable(),
  currency: CurrencyCode,
  trialDays: z.int().min(0).max(365),
  featured: z.boolean(),
  maxUsers: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
  maxApiRequestsPerMonth: Count.nullable(),
  maxStorageGb: Count.nullable(),
  apiRequestsPerMinute: z.int().min(1).max(1_000_000).nullable(),
})
export const NewPlan = z.lazy(() => {
  const { displayName, tier, ...others } = planFields()
  return z
    .strictObject({
      name: Slug,
      displayName,
      tier,
      description: others.description.default(''),
      priceMonthlyMinor: others.priceMonthlyMinor.default(null),
      priceYearlyMinor: others.priceYearlyMinor.default(null),
      currency: others.currency.default('USD'),
      trialDays: others.trialDays.default(0),
      featured: others.featured.default(false),
      maxUsers: others.maxUsers.default(null),
      maxApiRequestsPerMonth: others.maxApiRequestsPerMonth.default(null),
      maxStorageGb: others.maxStorageGb.default(null),
      apiRequestsPerMinute: others.apiRequestsPerMinute.default(null),
    })
    .refine((plan) => (plan.priceMonthlyMinor === null) === (plan.priceYearlyMinor === null), {
      path: ['priceMonthlyMinor'],
      message: 'Give both prices, or neither for a plan by quote.',
    })
    .meta({ ref: 'NewPlan' })
})
export const PlanEdit = z.lazy(() =>
  z
    .strictObject({ ...planFields(), description: Cleared, retired: z.boolean() })
    .partial()
    .meta({ ref: 'PlanEdit' }),
)
export const PlanFeatures = z.lazy(() =>
  z
    .strictObject({ features: boundedList(z.strictObject({ name: Slug, limit: Count.nullish() }), 500) })
    .meta({ ref: 'PlanFeatures' }),
)
export const PlanPrices = z.lazy(() =>
  z
    .strictObject({
      prices: boundedList(
        z.strictObject({
          currency: CurrencyCode,
          interval: z.enum(['month', 'year']),
          amountMinor: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
          taxInclusive: z.boolean().default(false),
        }),
        400,
      ),
    })
    .meta({ ref: 'PlanPrices' }),
)
export const NewFeature = z.lazy(() =>
  z
    .strictObject({ name: Slug, displayName: DisplayName, description: Description.default(''), category: Slug })
    .meta({ ref: 'NewFeature' }),
)
export const FeatureEdit = z.lazy(() =>
  z
    .strictObject({ displayName: DisplayName, description: Cleared, category: Slug, retired: z.boolean() })
    .partial()
    .meta({ ref: 'FeatureEdit' }),
)

export const Grant = z.lazy(() =>
  z.strictObject({ plan: Slug, endsAt: IsoDateTime.nullish(), reason: Reason }).meta({ ref: 'SubscriptionGrant' }),
)
export const SubscriptionsQuery = z.lazy(() =>
  z.strictObject({
    plan: Slug.optional(),
    status: z.enum(['trialing', 'active', 'past_due', 'cancelled', 'expired']).optional(),
    ...pagingFields,
  }),
)
export const SubscriptionItem = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      accountId: z.uuid(),
      plan: z.string(),
      status: z.enum(['trialing', 'active', 'past_due', 'cancelled', 'expired']),
      interval: z.enum(['month', 'year']).nullable(),
      provider: z.string(),
      startedAt: z.iso.datetime(),
      currentPeriodEnd: z.iso.datetime().nullable(),
    })
    .meta({ ref: 'SubscriptionItem' }),
)
