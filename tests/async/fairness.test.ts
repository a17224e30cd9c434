import { expect, test } from 'bun:test'
import { goodPassword, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'

/** The real app with few connections: nobody's burst makes others wait for long. */
const places = 4
const app = await openTestApp({ DB_POOL_MAX: `${places}`, DB_POOL_MIN: `${places}` }, { hashing: 'full' })
const greedy = await registered(app)
const other = await registered(app)

/** Sends `count` at once; counts the answers as they come. */
function burst(count: number, send: (n: number) => Promise<Response>) {
  const answers: Response[] = []
  const all = Promise.all(Array.from({ length: count }, async (_, n) => void answers.push(await send(n))))
  const statuses = () => [...new Set(answers.map(({ status }) => status))].sort()
  return { all, answers, statuses }
}

/**
 * Whether some of the burst, all sent before, still waited when `work` was answered: first come, first served would have
 * answered all of it by then. How many exactly let it pass is said by admission.test.ts.
 */
async function overtakes({ answers }: { answers: Response[] }, count: number, work: () => Promise<Response>) {
  const { status } = await work()
  return { status, first: answers.length < count }
}

const me = (bearer: string, ip?: string) => app.request('/v1/me', { bearer, ip })

test('600 requests of one account at once: it is told 429, others wait for a turn of it and get no 503', async () => {
  const flood = burst(600, () => me(greedy.accessToken))
  expect(await overtakes(flood, 600, () => me(other.accessToken))).toEqual({ status: 200, first: true })
  const refreshed = await app.request('/v1/auth/refresh', { json: { refreshToken: other.refreshToken } })
  expect(refreshed.status).toBe(200)
  await flood.all
  expect(flood.statuses()).toEqual([200, 429])
  const refused = flood.answers.find(({ status }) => status === 429)
  expect(refused?.headers.get('retry-after')).toBe('1')
  expect(refused && (await bodyOf(refused)).code).toBe('rate-limited')
  expect((await me(greedy.accessToken)).status).toBe(200)
})

test('the service’s own statements do not stand behind a burst', async () => {
  const flood = burst(300, () => me(greedy.accessToken))
  const { first } = await overtakes(flood, 300, async () => {
    await app.sql`select 1`
    return new Response()
  })
  expect(first).toBe(true)
  await flood.all
})

test('one network that registers does not slow another person’s log-in', async () => {
  const password = goodPassword
  // Of one subscriber's /64, each from an address of its own.
  const flood = burst(100, (n) =>
    app.request('/v1/auth/register', {
      json: { email: newEmail(), password },
      ip: `2001:db8::${(n + 1).toString(16)}`,
    }),
  )
  const login = () => app.request('/v1/auth/login', { json: { email: other.email, password }, ip: '192.0.2.7' })
  expect(await overtakes(flood, 100, login)).toEqual({ status: 200, first: true })
  await flood.all
  expect(flood.statuses()).toEqual([201, 503])
})

test('password checks of one account at once are bounded, and others’ go on', async () => {
  const json = { currentPassword: goodPassword, newPassword: `${goodPassword} anew` }
  const flood = burst(100, () =>
    app.request('/v1/auth/password/change', { bearer: greedy.accessToken, json, method: 'POST' }),
  )
  const login = await app.request('/v1/auth/login', { json: { email: other.email, password: goodPassword } })
  expect(login.status).toBe(200)
  await flood.all
  expect(flood.statuses()).not.toContain(503)
  expect(flood.statuses()).not.toContain(500)
})
