import { Hono } from 'hono'
import { z } from 'zod'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { AuditItemBody } from '../../account/schemas.ts'
import { normalise } from '../../addresses/client-ip.ts'
import { defaultLimit, IsoDateTime, LimitOfStream, pagingFields, Uuid } from '../../http/input/fields.ts'
import { requireOrder } from '../../http/input/range.ts'
import { noBody, noInput, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { keyAfter, listOf, readPageById } from '../../http/output/page.ts'
import { streamed } from '../../http/output/streamed.ts'
import { searchAudit, streamAudit } from './search.ts'
import { readAuditState } from './state.ts'

const AuditQuery = z.lazy(() =>
  z.strictObject({
    actor: Uuid.optional(),
    action: z
      .string()
      .regex(/^[a-z_]{1,40}\.[a-z_]{1,40}$/, 'An action reads entity.verb, e.g. session.create.')
      .optional(),
    resource: z
      .string()
      .max(140)
      .regex(/^[a-z_]{1,40}(:[\w.-]{1,100})?$/, 'A resource reads type or type:id, e.g. account:0192….')
      .optional(),
    from: IsoDateTime.optional(),
    to: IsoDateTime.optional(),
    ip: z.union([z.ipv4(), z.ipv6()]).overwrite(normalise).optional(),
    format: z.enum(['json', 'ndjson', 'csv']).default('json'),
    ...pagingFields,
    limit: LimitOfStream,
  }),
)
const AuditEntryBody = z.lazy(() =>
  AuditItemBody.unwrap()
    .extend({
      actorId: z.uuid().nullable(),
      before: z.record(z.string(), z.unknown()).nullable(),
      after: z.record(z.string(), z.unknown()).nullable(),
    })
    .meta({ ref: 'AuditEntry' }),
)

const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const VerificationBody = z.lazy(() =>
  z
    .object({
      verifiedAt: z.iso.datetime(),
      upTo: Count.nullable().meta({ description: 'the number of the last seal; null: the whole trail' }),
      seals: Count,
      entries: Count,
    })
    .nullable(),
)
const AuditStateBody = z.lazy(() =>
  z
    .object({
      newestEntry: z
        .uuid()
        .nullable()
        .meta({ description: 'that is not a reading of the trail: what is new shows here' }),
      seal: z
        .object({
          number: Count,
          sealedAt: z.iso.datetime(),
          entries: Count,
          upTo: z
            .object({ id: z.uuid(), at: z.iso.datetime() })
            .nullable()
            .meta({ description: 'the newest entry in it' }),
        })
        .nullable()
        .meta({ description: 'the newest' }),
      unsealed: z.object({
        entries: z.int().min(0).max(1_000).meta({ description: 'at most 1,000 are counted' }),
        since: z.iso.datetime().nullable(),
      }),
      verification: z.object({
        status: z
          .enum(['sound', 'faulty', 'unknown'])
          .meta({ description: 'unknown: nothing was verified yet, or a seal waits for more than ten minutes' }),
        fault: z.string().nullable().meta({ description: 'what stands against the trail' }),
        seals: VerificationBody.meta({ description: 'by the job: each seal once, soon after it was made' }),
        whole: VerificationBody.meta({ description: 'by the command `audit verify`: everything at once' }),
      }),
    })
    .meta({ ref: 'AuditState', description: 'Asking for it is not recorded: it shows nothing of what anybody did.' }),
)

const types = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' }

/** The audit trail of all accounts. */
export const auditRoutes = new Hono<AuthedEnv>()
  .get(
    '/audit-logs/state',
    describe('Administration', 'How new the audit trail is, how far it is sealed, and what its verification found', {
      200: AuditStateBody,
    }),
    authenticate,
    requirePermission('audit.read'),
    noInput,
    async (c) => c.json(await readAuditState(c.var.deps, c.var.principal.accountId), 200),
  )
  .get(
    '/audit-logs',
    describe(
      'Administration',
      'The audit trail, newest first; as a stream with format=ndjson or csv, from `cursor` on and no longer than `limit` where they are given',
      {
        200: {
          json: listOf(AuditEntryBody),
          also: {
            'application/x-ndjson': 'One AuditEntry a line',
            'text/csv': 'One entry a line, below a line of names',
          },
        },
      },
      ['invalid-cursor'],
    ),
    authenticate,
    requirePermission('audit.read'),
    query(AuditQuery),
    noBody,
    async (c) => {
      const { deps } = c.var
      const { format, limit, cursor, ...filter } = c.req.valid('query')
      requireOrder(filter)
      if (format !== 'json') {
        const [after = null] = keyAfter(cursor, ['uuid']) ?? []
        return streamed(c, await streamAudit(deps, actorOf(c), filter, { format, after, limit }), {
          'Content-Type': types[format],
          'Content-Disposition': `attachment; filename="manas360-audit.${format}"`,
        })
      }
      const entries = await readPageById({ limit: limit ?? defaultLimit, cursor }, (slice) =>
        searchAudit(deps, actorOf(c), filter, slice),
      )
      return c.json(entries, 200)
    },
  )
