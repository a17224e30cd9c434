import type postgres from 'postgres'
import { password, type Service } from './service.ts'

/** A request to the service, once for each `i`. */
export type Operation = { name: string; times: number; run: (i: number) => Promise<unknown> }
type SignedIn = { accessToken: string; refreshToken: string }
type Listed = { nextCursor: string | null }

/** Requests of every kind, by people chosen at random among `accounts`. */
export async function operationsOf(service: Service, sql: postgres.Sql, accounts: number): Promise<Operation[]> {
  const { call } = service
  const anybody = (): string => `size-${Math.floor(Math.random() * accounts)}@example.test`
  const open = await sql<{ email: string; id: string }[]>`
    select email, id from user_accounts where status = 'active' and role in ('user', 'subscriber') order by md5(id::text) limit 600`
  const person = (i: number) => open[i % open.length] ?? { email: anybody(), id: '' }
  const logIn = async (email: string): Promise<SignedIn> =>
    JSON.parse(await call('/v1/auth/login', { json: { email, password } }))
  const root = await signInRoot(service, sql)
  const signedIn: SignedIn[] = []
  for (const { email } of open.slice(0, 200)) signedIn.push(await logIn(email))
  const session = (i: number) => signedIn[i % signedIn.length] ?? root
  const ask = (path: string) => call(path, { bearer: root.accessToken })
  const [actor = { id: '' }] = open
  const deepUsers = await cursorAfter(ask, '/v1/admin/users?limit=100', 50)
  const deepAudit = await cursorAfter(ask, '/v1/admin/audit-logs?limit=100', 50)
  const [from, to] = [hoursAgo(200 * 24), hoursAgo(199.9 * 24)]
  const get = (name: string, path: string | ((i: number) => string), times = 60): Operation => ({
    name,
    times,
    run: (i) => ask(typeof path === 'string' ? path : path(i)),
  })
  return [
    { name: 'log-in, without its hash', times: 200, run: (i) => logIn(person(i + 200).email) },
    {
      name: 'refresh',
      times: 200,
      async run(i) {
        signedIn[i % signedIn.length] = JSON.parse(
          await call('/v1/auth/refresh', { json: { refreshToken: session(i).refreshToken } }),
        )
      },
    },
    { name: 'GET /v1/me', times: 200, run: (i) => call('/v1/me', { bearer: session(i).accessToken }) },
    {
      name: 'register, without its hash',
      times: 100,
      run: () =>
        call('/v1/auth/register', { json: { email: `${crypto.randomUUID()}@example.test`, password }, status: 201 }),
    },
    get('users: newest', '/v1/admin/users'),
    get('users: 50 pages of 100 further', `/v1/admin/users?limit=100&cursor=${deepUsers}`),
    get('users: whole address', () => `/v1/admin/users?q=${anybody()}`),
    get('users: beginning of an address', () => `/v1/admin/users?q=size-${Math.floor(Math.random() * accounts)}`),
    get('users: a common name', '/v1/admin/users?q=Asha+Iyer'),
    get('users: role=admin', '/v1/admin/users?role=admin'),
    get('users: plan=enterprise, by e-mail', '/v1/admin/users?plan=enterprise&sort=email'),
    get('users: status=locked', '/v1/admin/users?status=locked'),
    get('users: role, plan and a name', '/v1/admin/users?role=subscriber&plan=business&q=Kapoor'),
    get('subscriptions: plan and status', '/v1/admin/subscriptions?plan=business&status=trialing'),
    get('audit: newest', '/v1/admin/audit-logs'),
    get('audit: 50 pages of 100 further', `/v1/admin/audit-logs?limit=100&cursor=${deepAudit}`),
    get('audit: actor', (i) => `/v1/admin/audit-logs?actor=${person(i).id}`),
    get('audit: action', '/v1/admin/audit-logs?action=account.update'),
    get('audit: resource', (i) => `/v1/admin/audit-logs?resource=account:${person(i).id}`),
    get('audit: from, to', `/v1/admin/audit-logs?from=${from}&to=${to}`),
    get('audit: ip', (i) => `/v1/admin/audit-logs?ip=198.51.100.${i % 256}`),
    get('audit: actor, action, time', `/v1/admin/audit-logs?actor=${actor.id}&action=account.update&from=${from}`),
    ...['overview', 'signups', 'revenue', 'plans', 'security'].map((report) =>
      get(`analytics: ${report}`, `/v1/admin/analytics/${report}`, 20),
    ),
    { name: 'export, whole', times: 60, run: (i) => call('/v1/me/export', { bearer: session(i).accessToken }) },
    {
      name: 'erasure',
      times: 60,
      run: (i) =>
        call('/v1/me', { bearer: session(i + 100).accessToken, method: 'DELETE', json: { password }, status: 204 }),
    },
  ]
}

async function signInRoot({ call }: Service, sql: postgres.Sql): Promise<SignedIn> {
  const email = `root-${crypto.randomUUID()}@example.test`
  await call('/v1/auth/register', { json: { email, password }, status: 201 })
  await sql`update user_accounts set role = 'superadmin' where email = ${email}`
  return JSON.parse(await call('/v1/auth/login', { json: { email, password } }))
}

/** The cursor after so many pages, or after the last but one. */
async function cursorAfter(ask: (path: string) => Promise<string>, path: string, pages: number): Promise<string> {
  let cursor = ''
  for (let page = 0; page < pages; page++) {
    const list: Listed = JSON.parse(await ask(cursor === '' ? path : `${path}&cursor=${encodeURIComponent(cursor)}`))
    if (list.nextCursor === null) break
    cursor = list.nextCursor
  }
  return encodeURIComponent(cursor)
}

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()
