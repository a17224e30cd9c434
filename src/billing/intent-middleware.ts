import { createMiddleware } from 'hono/factory'
import { z } from 'zod'
import { actorOf } from '../access/actor.ts'
import type { AuthedEnv } from '../access/env.ts'
import type { RequestContext } from '../http/request.ts'
import { completeIntent } from './complete-intent.ts'
import type { StoredIntent } from './store-intent.ts'
import { readSubscription } from './subscriptions.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The id of the intent to carry out at a payment provider after the commit. */
    billingIntent?: string
  }
}

const Replayed = z.lazy(() => z.object({ intent: z.uuid() }))

/** A placeholder answer for a handler whose intent must be carried out first: `completeIntents` replaces it. */
export function intended(context: RequestContext, intent: StoredIntent): { checkoutUrl: string } {
  context.billingIntent = intent.intent
  // A replay under the same Idempotency-Key is also answered from the intent.
  context.replay = JSON.stringify(intent)
  return { checkoutUrl: '' }
}

/**
 * Carries out the handler's intent at the provider, after its transaction. Put it before `idempotent`, in whose transaction the handler
 * runs. Answers 202 with the page where the person pays, or 200 with the subscription.
 */
export const completeIntents = createMiddleware<AuthedEnv>(async function completeIntents(c, next) {
  await next()
  const isReplayed = c.res.headers.has('Idempotency-Replayed')
  const intent = c.var.context.billingIntent ?? (isReplayed ? await replayedIntent(c.res) : undefined)
  if (intent === undefined || c.error) return
  c.res = undefined
  const { deps, principal } = c.var
  const { pageUrl } = await completeIntent(deps, actorOf(c), intent)
  const answer =
    pageUrl === null ? c.json(await readSubscription(deps, principal), 200) : c.json({ checkoutUrl: pageUrl }, 202)
  if (isReplayed) answer.headers.set('Idempotency-Replayed', 'true')
  c.res = answer
})

async function replayedIntent(response: Response): Promise<string | undefined> {
  if (response.status !== 202) return undefined
  const text = await response.clone().text()
  return Replayed.safeParse(JSON.parse(text)).data?.intent
}
