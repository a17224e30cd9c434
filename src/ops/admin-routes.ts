import { Hono } from 'hono'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requirePermission } from '../access/guards.ts'
import { noInput } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { readOperations } from './operations.ts'
import { OperationsBody } from './schemas.ts'

/** What runs, for administrators. */
export const operationsRoutes = new Hono<AuthedEnv>().get(
  '/operations',
  describe('Administration', 'Instances and queues', { 200: OperationsBody }),
  authenticate,
  requirePermission('settings.manage'),
  noInput,
  async (c) => c.json(await readOperations(c.var.deps), 200),
)
