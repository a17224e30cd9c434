import { afterAll, describe, expect, test } from 'bun:test'
import { type Distance, openDistance } from '../../bench/regions/distance.ts'
import { goodPassword, newEmail, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { createDatabase } from '../support/cluster.ts'

/** Far enough that what is sent without waiting for an answer is sent before one arrives. */
const oneWayMs = 8

const database = await createDatabase()
afterAll(database.drop)
const distance: Distance = await openDistance(database.url, oneWayMs)
afterAll(distance.close)
const app = await openTestApp({ DATABASE_URL: distance.url, DB_POOL_MAX: '1' })

/** The fewest of several: counted use is written by the clock, and a statement takes one more the first time. */
async function roundTripsOf(work: () => Promise<Response>, status: number): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const before = distance.roundTrips('manas360')
    expect((await work()).status).toBe(status)
    fewest = Math.min(fewest, distance.roundTrips('manas360') - before)
  }
  return fewest
}

describe('how often the database is waited for, wherever it stands', async () => {
  const person = await registered(app)
  let { refreshToken } = person
  const { accessToken: bearer, email, deviceToken } = person
  const headers = { 'X-Device-Token': deviceToken }

  test('an authorised request: never', async () => {
    expect(await roundTripsOf(() => app.request('/v1/entitlements/api_access', { bearer }), 200)).toBe(0)
  })

  test('reading oneself, and a refresh: once', async () => {
    expect(await roundTripsOf(() => app.request('/v1/me', { bearer }), 200)).toBe(1)
    const refresh = async () => {
      const answer = await app.request('/v1/auth/refresh', { json: { refreshToken } })
      refreshToken = ((await answer.clone().json()) as typeof person).refreshToken
      return answer
    }
    expect(await roundTripsOf(refresh, 200)).toBe(1)
  })

  test('a log-in: three times. BEGIN waits for nothing, and two of its three statements are sent together', async () => {
    const login = () => app.request('/v1/auth/login', { json: { email, password: goodPassword }, headers })
    expect(await roundTripsOf(login, 200)).toBe(3)
  })

  test('a registration, with the mail that verifies the address: four times, for three statements and COMMIT', async () => {
    const register = () => app.request('/v1/auth/register', { json: { email: newEmail(), password: goodPassword } })
    expect(await roundTripsOf(register, 201)).toBe(4)
  })
})
