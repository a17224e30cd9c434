import { afterAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { receiveWebhook } from '../../src/billing/inbox.ts'
import { actOnCheckout, actOnSubscription } from '../../src/billing/providers/sandbox/actions.ts'
import type { SandboxEvent, SandboxPayment, SandboxSubscription } from '../../src/billing/providers/sandbox/objects.ts'
import { findObject, listObjects } from '../../src/billing/providers/sandbox/queries.ts'
import { createBillingWorker } from '../../src/billing/worker.ts'
import { createLogger } from '../../src/log/logger.ts'
import { openDeps } from '../../src/services.ts'
import { closedBeforeDrop } from '../support/cluster.ts'
import { added, figuresOf, readFigures } from '../support/payment-figures.ts'
import { openPayingApp, type Payer } from '../support/payments.ts'

const app = await openPayingApp()
const { sql, sandbox, givenTried, subscribe, checkoutOf, read } = app
await sandbox.set({ delivers: false })

/** Two further instances on the same database. */
const log = createLogger({ level: 'silent', destination: { write: () => {} } })
const others = await Promise.all([1, 2].map(() => openDeps(app.config, log)))
for (const deps of others) afterAll(closedBeforeDrop(app.databaseUrl, () => deps.close(1)))
const instances = [app.deps, ...others].map((deps) => ({ deps, worker: createBillingWorker(deps, { concurrency: 2 }) }))

const steps = ['renew', 'decline', 'pay', 'dispute', 'win', 'refund', 'end'] as const
type Life = { steps: (typeof steps)[number][]; deliveries: { event: number; instance: number; kill: boolean }[] }

const lives: fc.Arbitrary<Life> = fc.record({
  steps: fc.array(fc.constantFrom(...steps), { maxLength: 6 }),
  deliveries: fc.array(fc.record({ event: fc.nat(40), instance: fc.nat(2), kill: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  }),
})

/** A person pays, and all of this happens at the provider before anybody here hears of it. */
async function live(life: Life): Promise<{ person: Payer; events: SandboxEvent[] }> {
  const known = new Set((await listObjects<SandboxEvent>(sql, 'event')).map(({ id }) => id))
  const person = await givenTried('professional')
  const checkout = await checkoutOf(await subscribe(person, 'professional'))
  await actOnCheckout(sandbox, checkout, 'pay')
  const [paid] = await sql<
    { id: string }[]
  >`select data->>'subscriptionId' as id from sandbox_objects where id = ${checkout}`
  for (const step of life.steps) await actOnSubscription(sandbox, sql, paid?.id ?? '', step)
  const events = (await listObjects<SandboxEvent>(sql, 'event')).filter(({ id }) => !known.has(id))
  return { person, events }
}

async function deliver(events: SandboxEvent[], deliveries: Life['deliveries']): Promise<void> {
  const adding: PromiseLike<unknown>[] = []
  for (const { event, instance, kill } of deliveries) {
    const chosen = events[event % events.length]
    const to = instances[instance]
    if (!chosen || !to) continue
    const { body, headers } = sandbox.sign(chosen)
    expect(await receiveWebhook(to.deps, 'sandbox', body, headers)).toBe(true)
    // One that is killed leaves its leases behind, and whatever it had not committed is undone.
    if (kill)
      await sql`update billing_events set leased_until = clock_timestamp() + interval '1 hour', attempts = attempts + 1 where event_id = ${chosen.id} and status = 'queued'`
    else to.worker.poll()
    // Sums are added up while others count.
    if (event % 3 === 0) adding.push(sql`select sum_payments()`.execute())
  }
  await Promise.all(adding)
  // The leases of the dead end.
  await sql`update billing_events set leased_until = null where status = 'queued'`
  for (let isBusy = true; isBusy; ) {
    await sql`update billing_events set due_at = clock_timestamp() where status = 'queued'`
    await Promise.all(instances.map(({ worker }) => worker.idle()))
    const [left] = await sql<{ n: number }[]>`
      select (select count(*) from billing_events where status = 'queued')::int + (select count(*) from billing_tasks where done_at is null)::int as n`
    isBusy = (left?.n ?? 0) > 0
  }
}

/** What the person must have in the end, by what the provider says alone. */
async function expected(person: Payer): Promise<{ plan: string; status: string }> {
  const [row] = await sql<
    { id: string }[]
  >`select subscription_id as id from billing_subscriptions where account_id = ${person.id}`
  const now = row && (await sandbox.fetchSubscription(row.id, { signal: AbortSignal.timeout(60_000) }))
  return now && now.status !== 'ended'
    ? { plan: 'professional', status: now.status }
    : { plan: 'free', status: 'active' }
}

test('whatever is heard of a life, in whatever order and however often, the end is what the provider says', async () => {
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      const before = await readFigures(sql)
      const { person, events } = await live(life)
      // Whatever is lost: the last to arrive is any of them.
      await deliver(events, life.deliveries)
      const { plan, status } = await expected(person)
      expect(await read(person)).toMatchObject({ plan: { name: plan }, status })
      const [known] = await sql<
        { id: string }[]
      >`select subscription_id as id from billing_subscriptions where account_id = ${person.id}`
      const there = await listObjects<SandboxPayment>(sql, 'payment', known?.id ?? '')
      const here = await sql<{ id: string; status: string }[]>`
        select provider_payment_id as id, status from payments where account_id = ${person.id}`
      const pairs = (rows: readonly { id: string; status: string }[]) =>
        rows.map(({ id, status }) => `${id} ${status}`).sort()
      expect(pairs(here)).toEqual(pairs(there))
      // One audit row for each state of a payment that was seen, and one beginning and one end at most.
      const trail = await sql<{ what: string; times: number }[]>`
        select action || coalesce(details->>'paymentId', '') || coalesce(details->>'status', '') as what, count(*)::int as times from audit_logs
         where entity_id = ${person.id} and (action like 'payment.%' or action in ('subscription.activate', 'subscription.end')) group by 1`
      expect(trail.filter(({ times }) => times > 1)).toEqual([])
      const mails = await sql<{ template: string; events: number }[]>`
        select template, jsonb_array_length(contents->'events') as events from mail_outbox
         where account_id = ${person.id} and template = 'subscription-changed'`
      expect(mails.length).toBeLessThanOrEqual(1)
      const subscription = await findObject<SandboxSubscription>(sql, 'subscription', known?.id ?? '')
      if (!subscription) throw new Error('the provider knows none')
      const trials = await sql<
        { day: string }[]
      >`select started_at::date::text as day from trials where account_id = ${person.id}`
      const counted = added(before, await readFigures(sql))
      const should = figuresOf({
        subscription,
        payments: there,
        annualMinor: 2999 * 12,
        trials: trials.map(({ day }) => day),
      })
      expect(counted).toEqual(should)
    }),
    { numRuns: 8, endOnFailure: true },
  )
})
