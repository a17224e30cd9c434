import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { receiveWebhook } from '../../src/billing/inbox.ts'
import { actOnCheckout, actOnSubscription } from '../../src/billing/providers/sandbox/actions.ts'
import type { SandboxEvent, SandboxPayment, SandboxSubscription } from '../../src/billing/providers/sandbox/objects.ts'
import { findObject, listObjects } from '../../src/billing/providers/sandbox/queries.ts'
import { added, figuresOf, readFigures } from '../support/payment-figures.ts'
import { openPayingApp, type Payer } from '../support/payments.ts'
import { type ServerProcess, startServerProcess, until } from '../support/server-process.ts'

const app = await openPayingApp()
const { sql, sandbox, worker, givenTried, subscribe, checkoutOf, read } = app
await sandbox.set({ delivers: false })
const outside = postgres(app.databaseUrl, { max: 4 })
afterAll(() => outside.end())

/** Holds a row that a process will want, and says when one waits for it. */
async function hold(lock: (tx: postgres.TransactionSql) => PromiseLike<unknown>) {
  const free = Promise.withResolvers<void>()
  const held = Promise.withResolvers<number>()
  const over = outside.begin(async (tx) => {
    await lock(tx)
    const [own] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
    held.resolve(own?.pid ?? 0)
    await free.promise
  })
  over.catch(held.reject)
  const pid = await held.promise
  return {
    waitedFor: () =>
      until(
        async () =>
          (await outside`select 1 from pg_stat_activity where ${pid}::int = any(pg_blocking_pids(pid))`).length > 0,
        60,
        'somebody waits',
      ),
    async release() {
      free.resolve()
      await over
    },
  }
}

type Life = { person: Payer; subscription: string; events: SandboxEvent[] }

/** Somebody pays, and is renewed; nobody has heard of it. */
async function live(): Promise<Life> {
  const known = new Set((await listObjects<SandboxEvent>(sql, 'event')).map(({ id }) => id))
  const person = await givenTried('professional')
  const checkout = await checkoutOf(await subscribe(person, 'professional'))
  await actOnCheckout(sandbox, checkout, 'pay')
  // No job shall look at it.
  await sql`update billing_accounts set due_at = null where account_id = ${person.id}`
  const [paid] = await sql<{ id: string }[]>`
    select data->>'subscriptionId' as id from sandbox_objects where id = ${checkout}`
  const subscription = paid?.id ?? ''
  for (const step of ['renew', 'refund'] as const) await actOnSubscription(sandbox, sql, subscription, step)
  const events = (await listObjects<SandboxEvent>(sql, 'event')).filter(({ id }) => !known.has(id))
  return { person, subscription, events }
}

async function tell({ url }: Pick<ServerProcess, 'url'>, event: SandboxEvent): Promise<void> {
  const { body, headers } = sandbox.sign(event)
  const answer = await fetch(`${url}/v1/billing/webhooks/sandbox`, { method: 'POST', headers, body })
  expect(answer.status).toBe(200)
}

const eventRow = (event: SandboxEvent) => (tx: postgres.TransactionSql) =>
  tx`select 1 from billing_events where event_id = ${event.id} for update`
const accountRow =
  ({ person }: Life) =>
  (tx: postgres.TransactionSql) =>
    tx`select 1 from user_accounts where id = ${person.id} for update`

/** Somebody works on it: what waits for the account may be a job. */
const claimed = (event: SandboxEvent) =>
  until(
    async () =>
      (await outside`select 1 from billing_events where event_id = ${event.id} and attempts = 1`).length === 1,
    60,
    'the event is claimed',
  )

/** Kills a process where it is: each leads it there, and returns what still holds it. */
const moments: [string, (process: ServerProcess, life: Life, event: SandboxEvent) => ReturnType<typeof hold>][] = [
  [
    'while it asks the provider',
    async (process, { subscription }, event) => {
      const held = await hold((tx) => tx`select 1 from sandbox_objects where id = ${subscription} for update`)
      await tell(process, event)
      await held.waitedFor()
      return held
    },
  ],
  [
    'before it writes',
    async (process, life, event) => {
      const held = await hold(accountRow(life))
      await tell(process, event)
      await claimed(event)
      await held.waitedFor()
      return held
    },
  ],
  [
    'when all is written but not committed',
    async (process, life, event) => {
      const first = await hold(accountRow(life))
      await tell(process, event)
      await first.waitedFor()
      // Whoever has claimed the event marks it as done at the end of the transaction.
      await claimed(event)
      const last = await hold(eventRow(event))
      await first.release()
      await last.waitedFor()
      return last
    },
  ],
]

test.each(moments)(
  'a process killed %s: whoever comes next brings the account to what the provider says, and nothing is there twice',
  async (_, lead) => {
    const before = await readFigures(sql)
    const life = await live()
    const { person, subscription, events } = life
    const about = events.filter(({ object }) => object === subscription)
    const [event] = about
    if (!event) throw new Error('nothing happened')
    // The only one that works by itself.
    const process = await startServerProcess(app.databaseUrl, { BILLING_PROVIDERS: 'sandbox', DB_POOL_MIN: '2' })
    const held = await lead(process, life, event).finally(process.kill)
    await held.release()
    // What it had not committed is undone, once its connections are found dead; its leases end by their time.
    await until(
      async () =>
        (
          await outside`select 1 from pg_stat_activity where state like 'idle in transaction%' or wait_event_type = 'Lock'`
        ).length === 0,
      60,
      'its transactions are over',
    )
    expect(await sql`select 1 from payments where account_id = ${person.id}`).toHaveLength(0)
    expect(await sql`select status, attempts from billing_events where event_id = ${event.id}`).toMatchObject([
      { status: 'queued', attempts: 1 },
    ])
    await sql`update billing_events set leased_until = clock_timestamp() where event_id = ${event.id}`
    await sql`update billing_accounts set leased_until = clock_timestamp() where account_id = ${person.id}`
    for (const next of about) {
      const { body, headers } = sandbox.sign(next)
      expect(await receiveWebhook(app.deps, 'sandbox', body, headers)).toBe(true)
    }
    for (let isOpen = true; isOpen; ) {
      await sql`update billing_events set due_at = clock_timestamp() where status = 'queued'`
      await worker.idle()
      const [left] = await sql<{ n: number }[]>`
        select (select count(*) from billing_events where status = 'queued')::int + (select count(*) from billing_tasks where done_at is null)::int as n`
      isOpen = (left?.n ?? 0) > 0
    }
    const there = await listObjects<SandboxPayment>(sql, 'payment', subscription)
    const state = await findObject<SandboxSubscription>(sql, 'subscription', subscription)
    expect(state?.status).toBe('ended')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    const here = await sql<{ id: string; status: string }[]>`
      select provider_payment_id as id, status from payments where account_id = ${person.id}`
    const pairs = (rows: readonly { id: string; status: string }[]) =>
      rows.map(({ id, status }) => `${id} ${status}`).sort()
    expect(pairs(here)).toEqual(pairs(there))
    expect(there).toHaveLength(3)
    const trail = await sql<{ what: string; times: number }[]>`
      select action || coalesce(details->>'paymentId', '') || coalesce(details->>'status', '') as what, count(*)::int as times from audit_logs
       where entity_id = ${person.id} and (action like 'payment.%' or action in ('subscription.activate', 'subscription.end')) group by 1`
    expect(trail.filter(({ what }) => what.startsWith('payment.'))).toHaveLength(3)
    expect(trail.filter(({ times }) => times > 1)).toEqual([])
    expect(
      await sql`select 1 from mail_outbox where account_id = ${person.id} and template = 'subscription-changed'`,
    ).toHaveLength(1)
    const trials = await sql<{ day: string }[]>`
      select started_at::date::text as day from trials where account_id = ${person.id}`
    if (!state) throw new Error('the provider knows none')
    const should = figuresOf({
      subscription: state,
      payments: there,
      annualMinor: 2999 * 12,
      trials: trials.map(({ day }) => day),
    })
    expect(added(before, await readFigures(sql))).toEqual(should)
  },
  120_000,
)
