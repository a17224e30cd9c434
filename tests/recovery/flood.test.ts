import { expect, test } from 'bun:test'
import { goodPassword, newEmail, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ RATE_LIMIT_MAIL: '60/1h', DB_POOL_MAX: '4' }, { conforming: false })
const { request, sql } = app
const forgot = (email: string, ip: string) => request('/v1/auth/password/forgot', { json: { email }, ip })
const requests = 1_000
/** From so many addresses that none is over its own limit. */
const sourceOf = (i: number) => `203.${Math.floor(i / 12_000) % 250}.${Math.floor(i / 48) % 250}.${i % 250}`

test('a flood about a thousand addresses leaves three mails for each account at most, and others are served meanwhile', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => registered(app)))
  const bystander = people[0]
  const addresses = Array.from({ length: requests }, (_, i) => people[i % 100]?.email ?? newEmail())
  const statuses = new Map<number, number>()
  let next = 0
  let served = 0
  async function attack(): Promise<void> {
    for (let i = next++; i < requests; i = next++) {
      const { status } = await forgot(addresses[i] ?? '', sourceOf(i))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const flood = Promise.all(Array.from({ length: 64 }, attack))
  // Each of these is answered while the flood goes on: it waits for no more of it than is under way.
  while (next < requests / 2) {
    const answer = await request('/v1/me', { bearer: bystander?.accessToken })
    expect(answer.status).toBe(200)
    served++
  }
  await flood
  expect(served).toBeGreaterThan(0)
  // What finds no place in the queue of the database is told so, and comes again.
  expect([...statuses.keys()].filter((status) => status !== 202 && status !== 503)).toEqual([])
  const [mails] = await sql<{ count: number }[]>`
    select count(*)::int as count from mail_outbox where template = 'reset-password'`
  expect(mails?.count).toBeLessThanOrEqual(3 * people.length)
  const [links] = await sql<
    { count: number }[]
  >`select count(*)::int as count from account_links where kind = 'reset-password'`
  expect(links?.count).toBe(mails?.count ?? -1)
})

test('one source is over its limit after 60 mails, whatever the addresses, and before anybody is looked for', async () => {
  const ip = '198.51.100.7'
  for (let i = 0; i < 60; i++) expect((await forgot(newEmail(), ip)).status).toBe(202)
  const { email } = await registered(app)
  await expectProblem(await forgot(email, ip), 'rate-limited')
  await expectProblem(await request('/v1/auth/email/resend', { json: { email }, ip }), 'rate-limited')
  expect((await request('/v1/auth/login', { json: { email, password: goodPassword }, ip })).status).toBe(200)
})
