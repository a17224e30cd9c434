import { expect } from 'bun:test'
import {
  actOnCheckout,
  actOnSubscription,
  type checkoutActions,
  type subscriptionActions,
} from '../../src/billing/providers/sandbox/actions.ts'
import type { Sandbox } from '../../src/billing/providers/sandbox/sandbox.ts'
import { createBillingWorker } from '../../src/billing/worker.ts'
import { signedIn } from './administration.ts'
import { bodyOf, openTestApp, type TestApp } from './app.ts'
import { until } from './server-process.ts'

export type View = {
  plan: { name: string }
  status: string
  interval: string | null
  provider: string
  currentPeriodEnd: string | null
  cancelAtPeriodEnd: boolean
  pending: { plan: string; at: string } | null
}
export type Payer = Awaited<ReturnType<typeof signedIn>>

/** An app with the sandbox as its provider, and a worker that works when it is called. */
export async function openPayingApp(environment: Record<string, string> = {}) {
  const app = await openTestApp({ BILLING_PROVIDERS: 'sandbox', ...environment })
  return { ...app, ...payingTools(app) }
}

export function payingTools(app: TestApp) {
  const { request, sql, deps } = app
  const sandbox = deps.providers[0] as Sandbox
  const working = createBillingWorker(deps)
  const worker = { ...working, idle: untilSettled }

  /** An event is put off for a second where somebody else works on its account for two, which is soon on a busy machine. */
  async function untilSettled(): Promise<void> {
    const isSettled = async () => {
      await working.idle()
      const putOff = await sql`
        select 1 from billing_events where status = 'queued' and attempts = 0 and leased_until is null`
      return putOff.length === 0
    }
    await until(isSettled, 5, 'no event is put off')
  }

  const post = (person: Payer, path: string, json?: object, headers = {}) =>
    request(path, { method: 'POST', bearer: person.bearer, headers, ...(json && { json }) })
  const subscribe = (person: Payer, plan: string, more: object = {}, headers = {}) =>
    post(person, '/v1/subscription', { plan, interval: 'month', ...more }, headers)

  /** A person who has used the trial of the plan, so that payment is due. */
  async function givenTried(plan: string): Promise<Payer> {
    const person = await signedIn(app)
    await sql`insert into trials (account_id, plan) values (${person.id}, ${plan})`
    return person
  }

  /** The id of an answer's checkout, from its page. */
  async function checkoutOf(answer: Response): Promise<string> {
    expect(answer.status).toBe(202)
    const { checkoutUrl } = await bodyOf<{ checkoutUrl: string }>(answer)
    return new URL(checkoutUrl).pathname.split('/').at(-1) ?? ''
  }

  /** The provider's subscription of an account. */
  async function subscriptionOf(person: Payer): Promise<string> {
    const [row] = await sql<{ id: string }[]>`
      select provider_subscription_id as id from user_subscriptions where account_id = ${person.id} and ended_at is null`
    return row?.id ?? ''
  }

  async function act(person: Payer, action: (typeof subscriptionActions)[number]): Promise<void> {
    await actOnSubscription(sandbox, sql, await subscriptionOf(person), action)
    await worker.idle()
  }

  async function onCheckout(id: string, action: (typeof checkoutActions)[number]): Promise<void> {
    await actOnCheckout(sandbox, id, action)
    await worker.idle()
  }

  /** A person who pays for a plan. */
  async function givenPaying(plan: string, more: object = {}): Promise<Payer> {
    const person = await givenTried(plan)
    await onCheckout(await checkoutOf(await subscribe(person, plan, more)), 'pay')
    expect(await read(person)).toMatchObject({ plan: { name: plan }, status: 'active', provider: 'sandbox' })
    return person
  }

  const read = async ({ bearer }: Payer) => bodyOf<View>(await request('/v1/subscription', { bearer }))

  const actions = async ({ id }: Payer): Promise<string[]> => {
    const rows = await sql<{ action: string }[]>`
      select action from audit_logs where entity_id = ${id} and (action like 'subscription.%' or action like 'payment.%') order by id`
    return rows.map(({ action }) => action)
  }

  const payments = async ({ bearer }: Payer) =>
    (
      await bodyOf<{ items: { kind: string; status: string; amountMinor: number; currency: string }[] }>(
        await request('/v1/payments', { bearer }),
      )
    ).items

  return {
    sandbox,
    worker,
    post,
    subscribe,
    givenTried,
    givenPaying,
    checkoutOf,
    subscriptionOf,
    act,
    onCheckout,
    read,
    actions,
    payments,
  }
}
