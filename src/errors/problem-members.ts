import { z } from 'zod'
import type { ProblemCode, problems } from './problems.ts'

const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const Names = z.array(z.string())
const Upgrade = z.lazy(() =>
  z
    .object({
      plan: z.string(),
      displayName: z.string(),
      tier: z.int().min(0).max(1000),
      priceMonthlyMinor: Count.nullable(),
      currency: z.string(),
      trialDays: z.int().min(0).max(365),
      checkout: z.enum(['trial', 'purchase', 'contact']),
    })
    .nullable()
    .meta({ description: 'the cheapest plan that helps; null where none does' }),
)

/** The members of a problem document beside the standard ones, by code. Codes that are not listed have none. */
export const problemMembers = {
  'validation-failed': {
    errors: z.array(z.object({ path: z.string(), message: z.string(), code: z.string() })),
  },
  'already-exists': { field: z.string() },
  'permission-denied': { requiredPermissions: Names },
  'privilege-too-low': { requiredPrivilege: z.int().min(0).max(100) },
  'role-not-allowed': { requiredRoles: Names },
  'feature-not-in-plan': { requiredFeatures: Names, missingFeatures: Names, upgrade: Upgrade },
  'tier-too-low': { requiredTier: z.int().min(0).max(1000), upgrade: Upgrade },
  'seats-exhausted': { limit: Count, used: Count, upgrade: Upgrade },
  'quota-exceeded': { limit: Count, used: Count, resetsAt: z.iso.datetime(), upgrade: Upgrade },
} as const satisfies Partial<Record<ProblemCode, z.core.$ZodLooseShape>>

type Standard = { type: string; title: string; detail: string; instance: string; requestId: string }
type MembersOf<C> = C extends keyof typeof problemMembers ? z.infer<z.ZodObject<(typeof problemMembers)[C]>> : unknown

/** The problem documents of the codes `C`, discriminated by `code`. */
export type ProblemOf<C extends ProblemCode = ProblemCode> = C extends ProblemCode
  ? Standard & { code: C; status: (typeof problems)[C]['status'] } & MembersOf<C>
  : never
