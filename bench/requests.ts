import { asker, password } from './asker.ts'

export type Person = { email: string; accessToken: string; refreshToken: string }

/** The gated route. */
export const featurePath = '/v1/entitlements/premium_dashboard'

/** A request as bytes. */
function toBytes(method: string, path: string, headers: Record<string, string>, body = ''): string {
  const lines = Object.entries({ host: '127.0.0.1', 'user-agent': 'bench', accept: '*/*', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

function post(path: string, value: unknown): string {
  const body = JSON.stringify(value)
  return toBytes(
    'POST',
    path,
    { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` },
    body,
  )
}

const get = (path: string, { accessToken }: Person) => toBytes('GET', path, { authorization: `Bearer ${accessToken}` })

export const asBytes = {
  get,
  gatedGet: (person: Person) => get(featurePath, person),
  login: ({ email }: Person) => post('/v1/auth/login', { email, password }),
  refresh: ({ refreshToken }: Person) => post('/v1/auth/refresh', { refreshToken }),
}

/** A client by fetch, one request after another, for counts of statements. */
export function createClient(port: number, opsToken: string) {
  const ask = asker(port)
  const toPerson = (email: string, { accessToken, refreshToken }: Person): Person => ({
    email,
    accessToken,
    refreshToken,
  })
  return {
    async register(): Promise<Person> {
      const email = `${crypto.randomUUID()}@bench.test`
      return toPerson(email, (await ask('POST', '/v1/auth/register', '', 201, { email, password })) as Person)
    },
    async login({ email }: Person): Promise<Person> {
      return toPerson(email, (await ask('POST', '/v1/auth/login', '', 200, { email, password })) as Person)
    },
    async refresh({ email, refreshToken }: Person): Promise<Person> {
      return toPerson(email, (await ask('POST', '/v1/auth/refresh', '', 200, { refreshToken })) as Person)
    },
    async gatedGet({ accessToken }: Person): Promise<void> {
      await ask('GET', featurePath, accessToken, 200)
    },
    /** The statements that the server has sent since its start, without BEGIN, COMMIT and probes. */
    async countStatements(): Promise<number> {
      const health = (await ask('GET', '/health', opsToken, 200)) as { database: { queries: number } }
      return health.database.queries
    },
  }
}

export type Client = ReturnType<typeof createClient>
