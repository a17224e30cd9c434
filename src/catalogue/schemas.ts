import { z } from 'zod'

const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

export const LimitsBody = z.lazy(() =>
  z
    .object({
      maxUsers: Count.nullable(),
      maxApiRequestsPerMonth: Count.nullable(),
      maxStorageGb: Count.nullable(),
      apiRequestsPerMinute: Count.nullable(),
    })
    .meta({ ref: 'Limits', description: 'null: unlimited' }),
)

const PriceBody = z.lazy(() =>
  z
    .object({
      currency: z.string(),
      interval: z.enum(['month', 'year']),
      amountMinor: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
      taxInclusive: z.boolean(),
    })
    .meta({ ref: 'PlanPrice', description: 'in minor units of its currency' }),
)

export const PlanBody = z.lazy(() =>
  z
    .object({
      name: z.string(),
      displayName: z.string(),
      description: z.string(),
      tier: z.int().min(0).max(1000),
      priceMonthlyMinor: Count.nullable().meta({ description: 'in minor units; null: by quote' }),
      priceYearlyMinor: Count.nullable(),
      currency: z.string(),
      prices: z.array(PriceBody),
      trialDays: z.int().min(0).max(365),
      featured: z.boolean(),
      features: z.array(z.object({ name: z.string(), limit: Count.nullable() })),
      limits: LimitsBody,
    })
    .meta({ ref: 'Plan' }),
)

export const FeatureBody = z.lazy(() =>
  z
    .object({ name: z.string(), displayName: z.string(), description: z.string(), category: z.string() })
    .meta({ ref: 'Feature' }),
)

export const CatalogueBody = z.lazy(() =>
  z
    .object({
      version: Count,
      roles: z.array(
        z.object({
          name: z.string(),
          description: z.string(),
          privilegeLevel: z.int().min(0).max(100),
          permissions: z.array(z.string()),
        }),
      ),
      permissions: z.array(z.object({ name: z.string(), description: z.string() })),
      plans: z.array(PlanBody),
      features: z.array(FeatureBody),
    })
    .meta({ ref: 'Catalogue' }),
)

export const GrantBody = z.lazy(() =>
  z.object({ feature: z.string(), granted: z.literal(true), limit: Count.nullable() }).meta({ ref: 'Grant' }),
)
