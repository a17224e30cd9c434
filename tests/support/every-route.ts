import { type Row, table } from '../matrix-table.ts'
import { givenAccount, logIn } from './accounts.ts'
import type { TestApp } from './app.ts'

export type Sent = {
  method: string
  path: string
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream
  headers?: Record<string, string>
  bearer?: string
}

/** Ids of rows that do not exist: a request that is let in changes nothing. */
const nobody = {
  accountId: Bun.randomUUIDv7(),
  sessionId: Bun.randomUUIDv7(),
  apiKeyId: Bun.randomUUIDv7(),
  passkeyId: Bun.randomUUIDv7(),
  refreshToken: 'x',
  unique: 'made_here',
}

/** Every route of the table, with a request by a person whom no guard stops, and its body unchanged. */
export async function everyRoute(app: TestApp) {
  const routes = Object.entries(table).map(([route, row]) => {
    const [method = '', pattern = ''] = route.split(' ')
    return { route, method, path: row.path?.(nobody) ?? pattern, row }
  })

  async function signIn(): Promise<string> {
    const account = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
    return (await logIn(app, account)).accessToken
  }

  const superadmin = await signIn()
  async function send({ method, path, body, headers, bearer = superadmin }: Sent): Promise<Response> {
    const type = body !== undefined && { 'Content-Type': 'application/json' }
    const all = { Authorization: `Bearer ${bearer}`, ...type, ...headers }
    return app.app.fetch(new Request(`http://localhost${path}`, { method, body, headers: all }))
  }

  return { routes, signIn, send }
}

/** A body that the route accepts. */
export function good({ json }: Row): Record<string, unknown> {
  return json?.(nobody) as Record<string, unknown>
}
