import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requirePermission } from '../access/guards.ts'
import { Paging } from '../http/input/fields.ts'
import { noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPage } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { readJobs, startJob } from './jobs.ts'
import { readOperations } from './operations.ts'
import { JobBody, JobPath, JobStartBody, OperationsBody } from './schemas.ts'

const settings = requirePermission('settings.manage')

/** The running instances and jobs, for administrators. */
export const operationsRoutes = new Hono<AuthedEnv>()
  .get(
    '/operations',
    describe('Administration', 'Instances and queues', { 200: OperationsBody }),
    authenticate,
    settings,
    noInput,
    async (c) => c.json(await readOperations(c.var.deps), 200),
  )
  .get(
    '/jobs',
    describe('Administration', 'Jobs by name, each with its last run', { 200: listOf(JobBody) }),
    authenticate,
    settings,
    query(Paging),
    noBody,
    async (c) => {
      const jobs = await readPage(
        c.req.valid('query'),
        ['string'],
        (slice) => readJobs(c.var.deps, slice),
        ({ name }) => [name],
      )
      return c.json(jobs, 200)
    },
  )
  .post(
    '/jobs/:name/run',
    describe('Administration', 'Run a job now; it goes on after the answer', { 202: JobStartBody }, ['not-found']),
    authenticate,
    settings,
    params(JobPath),
    noInput,
    idempotent,
    async (c) => c.json({ status: await startJob(c.var.deps, actorOf(c), c.req.valid('param').name) }, 202),
  )
