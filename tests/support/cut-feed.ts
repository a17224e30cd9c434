import { afterAll, expect } from 'bun:test'
import { openProxy } from '../../scripts/cluster/tcp-proxy.ts'
import { createApp } from '../../src/app.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDeps } from '../../src/services.ts'
import { goodPassword, newEmail } from './accounts.ts'
import { bodyOf, openTestApp, type SessionJson, type TestApp } from './app.ts'
import { openOwnPostgres } from './postgres.ts'
import { until } from './server-process.ts'

export type Victim = Awaited<ReturnType<typeof openVictim>>
export type Person = { id: string; bearer: string }

/** An instance whose connection to the database can be cut. */
async function openVictim(writer: TestApp, authzFeed: 'listen' | 'poll') {
  const network = await openProxy(writer.config.databaseUrl)
  const usual = { statementTimeoutMs: 5_000, acquireTimeoutMs: 2_000 }
  const deps = await openDeps({ ...writer.config, ...usual, databaseUrl: network.url, authzFeed }, writer.deps.log)
  const app = createApp(deps)
  afterAll(async () => {
    network.heal()
    await deps.close(1)
    network.close()
  })
  return {
    network,
    deps,
    ask: async (path: string, bearer = '') =>
      app.fetch(new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${bearer}` } }), {}),
  }
}

/** One instance that makes changes, two that must apply them, and a PostgreSQL of their own that can be killed. */
export async function openCutFeed() {
  const database = await openOwnPostgres()
  await migrate({ url: database.url })
  const writer = await openTestApp({ DATABASE_URL: database.url })
  const [listening, polling] = [await openVictim(writer, 'listen'), await openVictim(writer, 'poll')]
  afterAll(() => database.stop())

  /** Registers a person, once the database accepts connections. */
  async function newPerson(): Promise<Person> {
    for (;;) {
      const answer = await writer.request('/v1/auth/register', { json: { email: newEmail(), password: goodPassword } })
      const { user, accessToken } = await bodyOf<SessionJson>(answer)
      if (answer.status === 201) return { id: user.id, bearer: accessToken }
      await Bun.sleep(20)
    }
  }

  /** @returns the time of the commit */
  async function logOut({ bearer }: Person): Promise<number> {
    expect((await writer.request('/v1/auth/logout', { method: 'POST', bearer })).status).toBe(204)
    return performance.now()
  }

  async function restartPostgres(): Promise<void> {
    database.kill()
    const answers = () =>
      writer.deps.db.ping().then(
        () => true,
        () => false,
      )
    await until(answers, 30, 'PostgreSQL is back')
  }

  /**
   * Resolves when the instance refuses the person, with the milliseconds from `since`.
   * @throws Error when it does not within the 3 s that are promised while the database answers
   */
  async function refusedAfter(victim: Victim, person: Person, since: number): Promise<number> {
    const isRefused = async () => {
      await writer.sql`select 1`
      return !(await isLetIn(victim, person))
    }
    await until(isRefused, 3, 'the change is obeyed')
    return performance.now() - since
  }

  return { database, writer, listening, polling, newPerson, logOut, restartPostgres, refusedAfter }
}

export async function isLetIn(victim: Victim, { bearer }: Person): Promise<boolean> {
  return (await victim.ask('/v1/entitlements/api_access', bearer)).status === 200
}
