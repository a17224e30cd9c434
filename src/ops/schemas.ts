import { z } from 'zod'

const Count = z.number().min(0)
const Check = z.lazy(() => z.object({ status: z.enum(['ok', 'failed']), detail: z.string().optional() }))

const run = {
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  milliseconds: Count,
  outcome: z.enum(['succeeded', 'failed']),
  detail: z.string().nullable(),
  succeededAt: z.iso.datetime().nullable().meta({ description: 'the last time that it did' }),
}

export const StatusBody = z.lazy(() => z.object({ status: z.literal('ok') }).meta({ ref: 'Status' }))

export const HealthBody = z.lazy(() =>
  z
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
      jobs: z.array(z.object({ name: z.string(), ...run })).optional(),
    })
    .meta({ ref: 'Health', description: 'In production everything but status is for operators alone.' }),
)

const Whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const Time = z.iso.datetime()

export const OperationsBody = z.lazy(() =>
  z
    .object({
      answeredBy: z.uuid().meta({ description: 'the id of the instance that answers' }),
      feedAgeMs: Whole.meta({ description: 'of that instance: since it last read what changed of rights' }),
      instances: z.array(
        z.object({
          id: z.uuid(),
          host: z.string(),
          version: z.string(),
          commit: z.string(),
          status: z.enum(['ok', 'degraded', 'failing', 'draining', 'silent']).meta({
            description: 'as it said last; silent: nothing was heard for 30 s, and after an hour it is forgotten',
          }),
          startedAt: Time,
          seenAt: Time,
          feedAgeMs: Whole,
          catalogueVersion: Whole,
          memoryBytes: Whole,
        }),
      ),
      queues: z.object({
        mail: z.object({ on: z.boolean(), queued: Whole, failed: Whole, oldestSeconds: Count }),
        billingEvents: z.object({ queued: Whole, failed: Whole, oldestSeconds: Count }),
        webhooks: z.object({ queued: Whole, oldestSeconds: Count, failing: Whole, disabled: Whole }).meta({
          description: 'failing, disabled: endpoints whose last attempt failed, and those that were disabled for it',
        }),
      }),
    })
    .meta({ ref: 'Operations', description: 'What waits counts for all instances.' }),
)

export const JobPath = z.lazy(() =>
  z.strictObject({ name: z.string().regex(/^[a-z][a-z-]{0,62}$/, 'Use the name of a job.') }),
)

export const JobBody = z.lazy(() =>
  z
    .object({
      name: z.string(),
      everySeconds: Whole,
      slow: z.boolean().meta({ description: 'takes minutes where there is much to do' }),
      running: z.boolean().meta({ description: 'somebody is at it now' }),
      lastRun: z.object(run).nullable().meta({ description: 'null: it never ran' }),
    })
    .meta({ ref: 'Job' }),
)

export const JobStartBody = z.lazy(() =>
  z
    .object({ status: z.enum(['started', 'running']) })
    .meta({ ref: 'JobStart', description: 'running: somebody was at it already; nothing was begun.' }),
)
