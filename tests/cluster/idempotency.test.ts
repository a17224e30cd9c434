import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { goodPassword, newEmail } from '../support/accounts.ts'
import { bodyOf, type SessionJson } from '../support/app.ts'
import { ask, openTestCluster, programs } from '../support/instances.ts'
import { describeWith } from '../support/tools.ts'

describeWith(...programs)('three servers on one database', async () => {
  const { url, urls, databaseUrl } = await openTestCluster()
  const sql = postgres(databaseUrl, { max: 1 })
  afterAll(() => sql.end({ timeout: 1 }))

  test('50 parallel repeats under one Idempotency-Key, to each server in turn: one effect, one answer', async () => {
    const json = { email: newEmail(), password: goodPassword }
    const { accessToken: bearer, user } = await bodyOf<SessionJson>(await ask(url, '/v1/auth/register', { json }))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        ask(urls[index % 3] ?? '', '/v1/subscription', {
          bearer,
          json: { plan: 'starter', interval: 'month' },
          headers: { 'Idempotency-Key': 'the same one' },
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(49)
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)
    expect(await sql`select 1 from trials where account_id = ${user.id}`).toHaveLength(1)
    expect(await sql`select 1 from user_subscriptions where account_id = ${user.id} and plan = 'starter'`).toHaveLength(
      1,
    )
    expect(
      await sql`select 1 from audit_logs where actor_id = ${user.id} and action like 'subscription.%'`,
    ).toHaveLength(1)
  })
})
