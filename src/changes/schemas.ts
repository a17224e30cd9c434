import { z } from 'zod'

const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

const OverridesBody = z.lazy(() =>
  z
    .record(z.string(), z.object({ g: z.boolean(), lim: Count.optional(), exp: Count.optional() }))
    .meta({ ref: 'Overrides', description: 'By feature: granted or not, a limit, an end as epoch second' }),
)

/** A change of authorisation, with the account's whole state after it. */
export const AuthzChangeBody = z.lazy(() =>
  z
    .object({
      id: z.string(),
      accountId: z.uuid().nullable(),
      version: Count.nullable().meta({
        description: 'Of an account the highest version is in force, whatever came last',
      }),
      kind: z.enum(['state', 'session-ended', 'sessions-ended', 'catalogue']),
      role: z.string().nullable(),
      privilegeLevel: z.int().min(0).max(100).nullable(),
      plan: z.string().nullable(),
      pex: Count.nullable().meta({ description: "Epoch second at which the plan's rights lapse" }),
      overrides: OverridesBody.nullable(),
      status: z.enum(['invited', 'active', 'locked', 'deleted']).nullable(),
      sessionId: z.uuid().nullable(),
      exceptSessionId: z.uuid().nullable(),
      catalogueVersion: Count.nullable(),
      at: z.iso.datetime(),
    })
    .meta({ ref: 'AuthzChange', description: 'null where it does not apply' }),
)
