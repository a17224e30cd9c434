import { z } from 'zod'

const Count = z.number().min(0)
const Check = z.object({ status: z.enum(['ok', 'failed']), detail: z.string().optional() })

export const StatusBody = z.object({ status: z.literal('ok') }).meta({ ref: 'Status' })

export const HealthBody = z
  .object({
    status: z.enum(['ok', 'degraded', 'failing']),
    version: z.string().optional(),
    commit: z.string().optional(),
    uptimeSeconds: Count.optional(),
    checks: z.record(z.string(), Check).optional(),
    database: z.record(z.string(), Count).optional().meta({ description: 'counts since the start, and of now' }),
    passwords: z.record(z.string(), Count).optional(),
    catalogueVersion: Count.optional(),
    overlayEntries: Count.optional(),
    replica: z.object({ status: z.enum(['used', 'behind', 'lost']), ageMs: Count.nullable() }).optional(),
    rateLimits: z
      .object({ countedIn: z.enum(['redis', 'memory']), status: z.enum(['ok', 'failed']).optional() })
      .optional(),
    changeFeedAgeMs: Count.optional(),
    jobs: z
      .array(
        z.object({
          name: z.string(),
          startedAt: z.iso.datetime(),
          finishedAt: z.iso.datetime(),
          milliseconds: Count,
          outcome: z.enum(['succeeded', 'failed']),
          detail: z.string().nullable(),
          succeededAt: z.iso.datetime().nullable().meta({ description: 'the last time that it did' }),
        }),
      )
      .optional(),
  })
  .meta({ ref: 'Health', description: 'In production everything but status is for operators alone.' })
