import { expect, test } from 'bun:test'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const refresh = (refreshToken: string) => request('/v1/auth/refresh', { json: { refreshToken } })

test('a refresh gives a new pair, and both tokens work', async () => {
  const person = await registered(app)
  const next = await bodyOf<SessionJson>(await refresh(person.refreshToken))
  expect(next.refreshToken).not.toBe(person.refreshToken)
  expect((await request('/v1/me', { bearer: next.accessToken })).status).toBe(200)
  expect((await refresh(next.refreshToken)).status).toBe(200)
})

test('any string that is no token is refused as one, whatever stands in it', async () => {
  for (const text of ['', '\0', '\ud800', 'a.b.c', `${(await registered(app)).refreshToken}\0`, 'x'.repeat(60_000)])
    await expectProblem(await refresh(text), 'invalid-refresh-token')
  for (const json of [
    {},
    { refreshToken: null },
    { refreshToken: 1 },
    { refreshToken: ['\0'] },
    { refreshToken: '', a: '\0' },
  ])
    await expectProblem(await request('/v1/auth/refresh', { json }), 'validation-failed')
})

test('the token just replaced gets the same successor again while that is unused', async () => {
  const person = await registered(app)
  const first = await bodyOf<SessionJson>(await refresh(person.refreshToken))
  const again = await bodyOf<SessionJson>(await refresh(person.refreshToken))
  expect(again.refreshToken).toBe(first.refreshToken)
  expect(again.accessToken).not.toBe(first.accessToken)
})

test('a replaced token whose successor was used is reuse: the session ends, for its access token too', async () => {
  const person = await registered(app)
  const second = await bodyOf<SessionJson>(await refresh(person.refreshToken))
  const third = await bodyOf<SessionJson>(await refresh(second.refreshToken))
  await expectProblem(await refresh(person.refreshToken), 'refresh-token-reused')
  await expectProblem(await refresh(third.refreshToken), 'invalid-refresh-token')
  await expectProblem(await refresh(person.refreshToken), 'invalid-refresh-token')
  await expectProblem(await request('/v1/me', { bearer: third.accessToken }), 'session-revoked')
  const audit =
    await sql`select 1 from audit_logs where action = 'session.reuse_detected' and details ->> 'accountId' = ${person.id}`
  expect(audit).toHaveLength(1)
})

test('a replaced token is reuse once 10 s have passed, although its successor is unused', async () => {
  const person = await registered(app)
  await refresh(person.refreshToken)
  await sql`update tokens set replaced_at = replaced_at - interval '11 seconds' where session_id in (select id from sessions where account_id = ${person.id})`
  await expectProblem(await refresh(person.refreshToken), 'refresh-token-reused')
})

test('of 50 parallel refreshes of one token, all get the one successor and nobody is logged out', async () => {
  const person = await registered(app)
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(person.refreshToken)))
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  const successors = new Set(
    (await Promise.all(answers.map((answer) => bodyOf<SessionJson>(answer)))).map(({ refreshToken }) => refreshToken),
  )
  expect(successors.size).toBe(1)
  expect((await refresh([...successors][0] ?? '')).status).toBe(200)
})
