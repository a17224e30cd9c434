import { z } from 'zod'
import { type ConfigOf, configuration } from '../config/room.ts'

/** `max` requests per `windowMs`, or null: no limit. */
export type RateLimit = { max: number; windowMs: number } | null

const windowUnits = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const rateLimit = z.string().transform((text, context): RateLimit => {
  if (text === 'off') return null
  const [, max, count, unit] = /^([1-9]\d{0,8})\/([1-9]\d{0,3})?([smhd])$/.exec(text) ?? []
  if (max && unit)
    return { max: Number(max), windowMs: Number(count ?? 1) * windowUnits[unit as keyof typeof windowUnits] }
  context.addIssue({ code: 'custom', message: 'must be N/window such as 600/1m or 100/15m, or off' })
  return z.NEVER
})

export type RateLimitConfig = ConfigOf<typeof rateLimitConfiguration>

export const rateLimitConfiguration = configuration({
  variables: {
    RATE_LIMIT_GLOBAL: rateLimit.prefault('600/1m'),
    RATE_LIMIT_AUTH: rateLimit.prefault('100/15m'),
    RATE_LIMIT_REGISTER: rateLimit.prefault('100/1h'),
    RATE_LIMIT_PASSWORD: rateLimit.optional(),
    RATE_LIMIT_MAIL: rateLimit.prefault('60/1h'),
    RATE_LIMIT_API: z
      .string()
      .default('plan')
      .refine((text) => text === 'plan' || text === 'off' || /^[1-9]\d{0,8}\/1?m$/.test(text), {
        message: "must be plan (each plan's own rate), N/1m, or off",
      }),
  },
  config: (e) => ({
    rateLimitGlobal: e.RATE_LIMIT_GLOBAL,
    rateLimitAuth: e.RATE_LIMIT_AUTH,
    rateLimitRegister: e.RATE_LIMIT_REGISTER,
    rateLimitMail: e.RATE_LIMIT_MAIL,
    // Off with the limit of failures, for load tests and behind another limiter.
    rateLimitPassword: e.RATE_LIMIT_PASSWORD ?? (e.RATE_LIMIT_AUTH && { max: 10, windowMs: 3_600_000 }),
    /** `plan`: each plan's own rate a minute; a number: this rate for all; null: off. */
    rateLimitApi:
      e.RATE_LIMIT_API === 'plan'
        ? ('plan' as const)
        : e.RATE_LIMIT_API === 'off'
          ? null
          : parseInt(e.RATE_LIMIT_API, 10),
  }),
})
