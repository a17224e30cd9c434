import { expect, setDefaultTimeout, test } from 'bun:test'
import { logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp } from '../support/app.ts'
import { compiledProgram } from '../support/compiled.ts'
import { givenKeyHolder, readQuotaRows } from '../support/quotas.ts'
import { startServerProcess } from '../support/server-process.ts'
import { startTurnClock } from '../support/turn-clock.ts'

/** TEST_STORM_CHANGES=1000 bun run test tests/plans/quota-storm looks for what is rare. */
const changes = Number(process.env.TEST_STORM_CHANGES ?? 60)
setDefaultTimeout(300_000 + changes * 1_000)

const app = await openTestApp()
const admin = await signedIn(app, { role: 'superadmin' })
const program = [await compiledProgram()]
const environment = { JOBS: 'off', DB_POOL_MAX: '8', DB_POOL_MIN: '2' }
const start = () => startServerProcess(app.databaseUrl, environment, program)
const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T
const below = (end: number) => Math.floor(Math.random() * end)

type Key = { owner: Owner; id: string; key: string; deletedAt: number }
type Owner = { id: string; email: string; password: string; mostEver: number; passed: number }

test('keys are used on three servers while limits, plans, keys and locks change and servers are killed: none passes that may not, none fails, none hangs', async () => {
  const servers = [await start(), await start(), await start()]
  const owners: Owner[] = []
  const keys: Key[] = []
  for (let i = 0; i < 8; i++) {
    const { key: _key, ...owner } = await givenKeyHolder(app, { plan: 'starter' })
    owners.push({ ...owner, mostEver: 0, passed: 0 })
  }
  const addKey = async (owner: Owner) =>
    keys.push({ owner, ...(await givenApiKey(app, owner.id)), deletedAt: Infinity })
  const act = async (owner: Owner, method: string, path: string, json?: object) =>
    expect(
      (await app.request(`/v1/admin/users/${owner.id}${path}`, { method, bearer: admin.bearer, json })).ok,
    ).toBeTrue()
  const limit = async (owner: Owner, to: number) => {
    owner.mostEver = Math.max(owner.mostEver, to)
    await act(owner, 'PUT', '/features/api_access', { granted: true, limit: to, reason: 'asked for' })
  }
  for (const owner of owners) await Promise.all([addKey(owner), addKey(owner), limit(owner, 100 + below(200))])

  const change: (() => Promise<unknown>)[] = [
    () => limit(pick(owners), below(400)),
    () => limit(pick(owners), below(400)),
    () => act(pick(owners), 'PUT', '/subscription', { plan: pick(['starter', 'enterprise']), reason: 'asked for' }),
    async () => {
      const owner = pick(owners)
      await act(owner, 'POST', '/lock', { reason: 'asked for' })
      await act(owner, 'POST', '/unlock')
    },
    async () => {
      const key = pick(keys.filter(({ deletedAt }) => deletedAt === Infinity))
      const { accessToken: bearer } = await logIn(app, key.owner)
      expect((await app.request(`/v1/api-keys/${key.id}`, { method: 'DELETE', bearer })).status).toBe(204)
      key.deletedAt = clock.milliseconds()
      await addKey(key.owner)
    },
    async () => {
      const index = below(servers.length)
      await servers[index]?.kill()
      servers[index] = await start()
    },
  ]

  const clock = startTurnClock(() => app.sql`select 1`)
  const answers = new Set<string>()
  let stopped = false
  async function use(): Promise<void> {
    while (!stopped) {
      const { owner, key, deletedAt } = pick(keys)
      const began = clock.milliseconds()
      const headers = { Authorization: `Bearer ${key}` }
      const answer = await fetch(`${pick(servers).url}/v1/entitlements/api_access`, { headers }).catch(() => null)
      // Killed under way: whether it passed is unknown.
      const body = (await answer?.json().catch(() => null)) as { code?: string } | null
      if (!answer || !body) continue
      answers.add(answer.status === 200 ? '200' : `${answer.status} ${body.code}`)
      if (answer.status !== 200) continue
      owner.passed++
      // Three seconds are the bound of a change on other instances.
      expect(began - deletedAt).toBeLessThan(3_000)
    }
  }
  const users = Promise.all(Array.from({ length: 16 }, use))
  for (let i = 0; i < changes; i++) await Promise.all([pick(change)(), Bun.sleep(50)])
  stopped = true
  await users
  await clock.stop()
  for (const { signal } of servers) signal('SIGTERM')
  expect(await Promise.all(servers.map(({ exited }) => exited))).toEqual([0, 0, 0])

  expect(answers).toContain('200')
  const right = ['200', '401 account-disabled', '401 invalid-token', '429 quota-exceeded']
  expect([...answers].filter((answer) => !right.includes(answer))).toEqual([])
  for (const { id, passed, mostEver } of owners) {
    const { used, drawn } = await readQuotaRows(app, id)
    expect(passed).toBeLessThanOrEqual(used + drawn)
    expect(used + drawn).toBeLessThanOrEqual(mostEver)
  }
})
