import type { Distance } from './distance.ts'

const password = 'seven quiet herons at dawn'

type SignedIn = { accessToken: string; refreshToken: string; deviceToken: string }
/** A repeated action of a person in a region. */
export type Action = { name: string; run: () => Promise<unknown> }

/** A person signed in at the instance of a region. */
export async function openPerson(port: number, root: string): Promise<Action[]> {
  const ask = async <T = unknown>(path: string, { bearer, json, device }: Asked = {}): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: json === undefined ? 'GET' : 'POST',
      headers: {
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        ...(device !== undefined && { 'X-Device-Token': device }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as T
  }
  const register = () =>
    ask<SignedIn>('/v1/auth/register', { json: { email: `${crypto.randomUUID()}@bench.test`, password } })
  const email = `${crypto.randomUUID()}@bench.test`
  let session = await ask<SignedIn>('/v1/auth/register', { json: { email, password } })
  const { deviceToken: device } = session
  return [
    { name: 'authorised, gated GET', run: () => ask('/v1/entitlements/api_access', { bearer: session.accessToken }) },
    { name: 'GET /v1/plans', run: () => ask('/v1/plans') },
    { name: 'GET /v1/me', run: () => ask('/v1/me', { bearer: session.accessToken }) },
    {
      name: 'refresh',
      run: async () => (session = await ask('/v1/auth/refresh', { json: { refreshToken: session.refreshToken } })),
    },
    { name: 'log-in', run: () => ask('/v1/auth/login', { json: { email, password }, device }) },
    { name: 'register', run: register },
    { name: 'an administrator lists people', run: () => ask('/v1/admin/users', { bearer: root }) },
    { name: 'an administrator reads analytics', run: () => ask('/v1/admin/analytics/overview', { bearer: root }) },
  ]
}

type Asked = { bearer?: string; json?: unknown; device?: string }
/** Milliseconds of each call, unsorted, and round trips to the primary of one call. */
export type ActionCost = { name: string; milliseconds: number[]; trips: number }

/** The application name of the pool's connections; feed, prober and jobs do not count. */
const pool = 'manas360'

/**
 * Measures the duration of an action and its round trips: the fewest of several calls, because scheduled work adds
 * some.
 */
export async function measureAction({ name, run }: Action, distance: Distance, times: number): Promise<ActionCost> {
  for (let i = 0; i < 3; i++) await run()
  const milliseconds: number[] = []
  let trips = Number.POSITIVE_INFINITY
  for (let i = 0; i < times; i++) {
    const before = distance.roundTrips(pool)
    const start = performance.now()
    await run()
    milliseconds.push(performance.now() - start)
    trips = Math.min(trips, distance.roundTrips(pool) - before)
  }
  return { name, milliseconds, trips }
}
