import { expect, test } from 'bun:test'
import type { BillingProvider } from '../../src/billing/providers/provider.ts'
import { createBillingWorker } from '../../src/billing/worker.ts'
import { openPayingApp } from '../support/payments.ts'
import { until } from '../support/server-process.ts'

const concurrency = 2
const app = await openPayingApp()
const { sql, sandbox, deps, givenPaying, givenTried, subscriptionOf } = app

/** A second provider: it answers nothing until it is let go. */
const asked = { accounts: 0, tasks: 0 }
const letGo = Promise.withResolvers<void>()
async function isSilent<T>(kind: keyof typeof asked, answer: T): Promise<T> {
  asked[kind] += 1
  await letGo.promise
  return answer
}
const silent: BillingProvider = {
  ...sandbox,
  name: 'silent',
  accepts: () => false,
  fetchSubscription: () => isSilent('accounts', null),
  cancel: () => isSilent('tasks', undefined),
}
;(deps.providers as BillingProvider[]).push(silent)

test('a provider that is silent holds up nothing of another: neither accounts that are due nor tasks', async () => {
  const person = await givenPaying('professional')
  const subscription = await subscriptionOf(person)
  // It does not know the second provider.
  await app.worker.stop()
  // More of the silent one than there are places, and due for longer.
  for (let i = 0; i < concurrency * 2; i++) {
    const { id } = await givenTried('professional')
    await sql`
      insert into billing_subscriptions (provider, subscription_id, account_id, status, started_at, paid_until, cancels)
      values ('silent', ${id}, ${id}, 'active', clock_timestamp(), clock_timestamp() + interval '30 days', false)`
    await sql`insert into billing_accounts (account_id, provider, due_at) values (${id}, 'silent', clock_timestamp() - interval '1 hour')`
    await sql`
      insert into billing_tasks (provider, kind, object_id, due_at) values ('silent', 'cancel-subscription', ${id}, clock_timestamp() - interval '1 hour')`
  }
  const [at] = await sql<{ fetchedAt: string }[]>`
    select fetched_at::text as fetched_at from billing_subscriptions where account_id = ${person.id}`
  await sql`update billing_accounts set due_at = clock_timestamp() where account_id = ${person.id}`
  const worker = createBillingWorker(deps, { concurrency })
  worker.poll()
  await until(() => asked.accounts === concurrency && asked.tasks === concurrency, 30, 'its places are taken')
  await until(
    async () =>
      (
        await sql`select 1 from billing_subscriptions where account_id = ${person.id} and fetched_at > ${at?.fetchedAt ?? ''}::text::timestamptz`
      ).length === 1,
    30,
    'the account of the other provider is looked at',
  )
  await sql`insert into billing_tasks (provider, kind, object_id) values ('sandbox', 'cancel-subscription', ${subscription})`
  worker.poll()
  await until(
    async () =>
      (await sql`select 1 from billing_tasks where object_id = ${subscription} and done_at is not null`).length === 1,
    30,
    'the task of the other provider is done',
  )
  // It still answers nothing, and was asked no more than it has places.
  expect(asked).toEqual({ accounts: concurrency, tasks: concurrency })
  letGo.resolve()
  await worker.idle()
  await worker.stop()
  expect(await sql`select 1 from billing_tasks where done_at is null`).toHaveLength(0)
  expect(asked.tasks).toBe(concurrency * 2)
  // What it knows nothing of is not asked for without end: once because it was due, and once because of the task at the most.
  expect(asked.accounts).toBeLessThanOrEqual(concurrency * 4)
})

test('an account is looked at in the share of the provider that will be asked; of several, in the rest', async () => {
  const share = async (id: string) =>
    (await sql<{ provider: string | null }[]>`select provider from billing_accounts where account_id = ${id}`)[0]
      ?.provider
  const worker = createBillingWorker(deps, { concurrency })
  const person = await givenTried('professional')
  await app.subscribe(person, 'professional')
  expect(await share(person.id)).toBe('sandbox')
  await sql`
    insert into billing_subscriptions (provider, subscription_id, account_id, status, started_at, paid_until, cancels)
    values ('silent', ${person.id}, ${person.id}, 'active', clock_timestamp(), clock_timestamp() + interval '30 days', false)`
  await sql`update billing_accounts set due_at = clock_timestamp() where account_id = ${person.id}`
  await worker.idle()
  expect(await share(person.id)).toBeNull()
  await sql`update billing_subscriptions set status = 'ended' where account_id = ${person.id}`
  await sql`update billing_accounts set due_at = clock_timestamp() where account_id = ${person.id}`
  await worker.idle()
  expect(await share(person.id)).toBe('sandbox')
  await worker.stop()
})
