import { Hono } from 'hono'
import { z } from 'zod'
import { AppError } from '../errors/app-error.ts'
import { readBytes } from '../http/input/body.ts'
import { params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import type { PublicEnv } from '../http/request.ts'
import { countAddress } from '../rate-limits/middleware.ts'
import { receiveWebhook } from './inbox.ts'

const ProviderPath = z.lazy(() => z.strictObject({ provider: z.string().regex(/^[a-z]{1,40}$/) }))
const limitBytes = 1_048_576

/** The webhook endpoint of payment providers. It only verifies the sender; the worker fetches what happened. */
export const webhookRoutes = new Hono<PublicEnv>().post(
  '/billing/webhooks/:provider',
  describe('Subscription', 'Tell of an event at a payment provider, with its signature', { 200: null }, [
    'not-found',
    'invalid-signature',
    'validation-failed',
    'payload-too-large',
  ]),
  params(ProviderPath),
  query(z.strictObject({})),
  async (c) => {
    const deps = c.get('deps')
    const { provider } = c.req.valid('param')
    if (!deps.providers.some(({ name }) => name === provider)) {
      await countAddress(deps, c.var.context)
      throw new AppError('not-found')
    }
    const body = await readBytes(c.req.raw, limitBytes)
    // Verified webhooks are not rate-limited: a provider sends all of them from few addresses.
    if (!(await receiveWebhook(deps, provider, body, c.req.raw.headers))) {
      await countAddress(deps, c.var.context)
      throw new AppError('invalid-signature')
    }
    return c.body(null, 200)
  },
)
