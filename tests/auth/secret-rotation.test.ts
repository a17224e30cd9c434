import { expect, test } from 'bun:test'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson, testSecrets } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const fresh = {
  JWT_SECRET: 'N3wQ7vJx2LkR9tBf5ZcW1mYs8HdPg4UaEoTiVrXqClNbMzKjSyDhGfOw6A0eLpI4',
  JWT_REFRESH_SECRET: 'Zx8Kv3Qm6WtR1yLp9NbJ4sHc7DgF2uAeIoTnXrVqBkMzCwPjSyGhUfOd5E0aLiY8',
}
const previous = {
  JWT_SECRET_PREVIOUS: testSecrets.JWT_SECRET,
  JWT_REFRESH_SECRET_PREVIOUS: testSecrets.JWT_REFRESH_SECRET,
}

// Three instances on one database: before the rotation, during it, and after the old secret was taken away.
const before = await openTestApp()
const DATABASE_URL = before.databaseUrl
const during = await openTestApp({ ...fresh, ...previous, DATABASE_URL })
const after = await openTestApp({ ...fresh, DATABASE_URL })
const refresh = (refreshToken: string) => ({ json: { refreshToken } })

test('a rotation of the secrets logs nobody out: the previous ones are accepted, the new ones sign', async () => {
  const person = await registered(before)
  expect((await during.request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
  const renewed = await bodyOf<SessionJson>(await during.request('/v1/auth/refresh', refresh(person.refreshToken)))
  expect((await after.request('/v1/me', { bearer: renewed.accessToken })).status).toBe(200)
  expect((await after.request('/v1/auth/refresh', refresh(renewed.refreshToken))).status).toBe(200)
})

test('a removed secret is refused at once', async () => {
  const person = await registered(before)
  await expectProblem(await after.request('/v1/me', { bearer: person.accessToken }), 'invalid-token')
  await expectProblem(await after.request('/v1/auth/refresh', refresh(person.refreshToken)), 'invalid-refresh-token')
  expect((await before.request('/v1/auth/refresh', refresh(person.refreshToken))).status).toBe(200)
})

test('an instance that has the next secret as a further one accepts it before it signs with it: rotation in two deploys', async () => {
  const prepared = await openTestApp({
    JWT_SECRET_PREVIOUS: fresh.JWT_SECRET,
    JWT_REFRESH_SECRET_PREVIOUS: fresh.JWT_REFRESH_SECRET,
    DATABASE_URL,
  })
  const person = await registered(after)
  expect((await prepared.request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
  expect((await prepared.request('/v1/auth/refresh', refresh(person.refreshToken))).status).toBe(200)
})
