import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import { requirePrivilege } from '../../src/access/guards.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { isLetIn, openCutFeed, type Person, type Victim } from '../support/cut-feed.ts'
import { guardedBy } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

/** TEST_FEED_CUTS=12 bun run test tests/changes/feed-cuts cuts the feed 100 times and more, and prints a table. */
const rounds = Number(process.env.TEST_FEED_CUTS ?? 1)
const campaign = rounds > 1
setDefaultTimeout(300_000 * rounds)
const heldSeconds = campaign ? 60 : 3
const shortOutageMs = campaign ? 2_000 : 300

const { database, writer, listening, polling, newPerson, logOut, restartPostgres, refusedAfter } = await openCutFeed()

async function terminate(which: string): Promise<void> {
  await writer.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
     where application_name like 'manas360%' and pid <> pg_backend_pid() and query like ${which}`
}

type Fault = {
  name: string
  victim?: Victim
  cut(victim: Victim): Promise<unknown> | unknown
  /** Before the database can be reached again. */
  heal?(victim: Victim): Promise<unknown> | unknown
  /** How the change is made; a log-out as a rule. */
  change?(person: Person): Promise<number>
}

const faults: Fault[] = [
  { name: 'the listening backend is terminated', cut: () => terminate('listen%') },
  { name: 'every backend is terminated', cut: () => terminate('%') },
  {
    name: 'the network stalls, and goes on',
    cut: ({ network }) => network.stall(),
    heal: ({ network }) => Bun.sleep(shortOutageMs).then(network.heal),
  },
  {
    name: 'the network closes and refuses connections',
    cut: ({ network }) => network.refuse(),
    heal: ({ network }) => Bun.sleep(shortOutageMs).then(network.heal),
  },
  { name: 'the network forgets its connections', cut: ({ network }) => network.forget() },
  { name: 'notifications are lost', victim: polling, cut: () => {} },
  {
    name: 'PostgreSQL is killed after the commit',
    cut: ({ network }) => network.stall(),
    heal: ({ network }) => restartPostgres().then(network.heal),
  },
  { name: 'PostgreSQL is killed before the commit', cut: restartPostgres },
  {
    name: `a transaction is held open for ${heldSeconds} s before its commit`,
    cut: () => {},
    async change({ id }) {
      const own = postgres(database.url, { max: 1 })
      await own.begin(async (tx) => {
        await tx`select 1 from record_authz_change(${id}, 'sessions-ended')`
        await Bun.sleep(heldSeconds * 1000)
      })
      const committedAt = performance.now()
      await own.end()
      return committedAt
    },
  },
]

type Measured = { name: string; obeyed: number[]; next: number[] }
const table: Measured[] = []

describe('the feed is cut', () => {
  for (const { name, victim = listening, cut, heal, change = logOut } of faults)
    test(`${name}: obeyed within 3 s of the commit, or of the network's return, and so is the next change`, async () => {
      const measured: Measured = { name, obeyed: [], next: [] }
      table.push(measured)
      for (let round = 0; round < rounds; round++) {
        const [during, after] = [await newPerson(), await newPerson()]
        await cut(victim)
        expect([await isLetIn(victim, during), await isLetIn(victim, after)]).toEqual([true, true])
        const committedAt = await change(during)
        await heal?.(victim)
        measured.obeyed.push(await refusedAfter(victim, during, heal ? performance.now() : committedAt))
        measured.next.push(await refusedAfter(victim, after, await logOut(after)))
      }
    })
})

test('out of reach for more than 10 s: administration and level 90 answer 503, others go on, and all recover', async () => {
  const root = await logIn(writer, await givenAccount(writer, { role: 'superadmin' }))
  const measured: Measured = { name: 'the database is out of reach for more than 10 s', obeyed: [], next: [] }
  table.push(measured)
  for (let round = 0; round < rounds; round++) {
    const [during, after] = [await newPerson(), await newPerson()]
    const { network, deps, ask } = listening
    const level90 = guardedBy({ ...writer, deps }, requirePrivilege(90))
    expect((await level90(root.accessToken)).status).toBe(200)
    network.stall()
    const cutAt = performance.now()
    await logOut(during)
    await until(deps.feed.isStale, 15, 'staleness')
    // Nothing was read since the cut, from which the 10 s count.
    const since = performance.now() - cutAt
    expect(deps.feed.ageMs()).toBeGreaterThan(since)
    for (const answer of [await ask('/v1/admin/users', root.accessToken), await level90(root.accessToken)])
      await expectProblem(answer, 'authorisation-stale')
    expect((await ask('/ready')).status).toBe(503)
    const health = (await (await ask('/health')).json()) as { changeFeedAgeMs: number; checks: Record<string, object> }
    expect(health.checks.changeFeed).toMatchObject({ status: 'failed' })
    const metric = /^manas360_change_feed_age_seconds (\S+)$/m.exec(await (await ask('/metrics')).text())
    for (const ageMs of [health.changeFeedAgeMs, Number(metric?.[1]) * 1000]) expect(ageMs).toBeGreaterThan(10_000)
    expect(await isLetIn(listening, after)).toBe(true)
    network.heal()
    measured.obeyed.push(await refusedAfter(listening, during, performance.now()))
    measured.next.push(await refusedAfter(listening, after, await logOut(after)))
    await until(async () => (await ask('/ready')).status === 200, 5, 'readiness')
    expect((await ask('/v1/admin/users', root.accessToken)).status).toBe(200)
    expect((await level90(root.accessToken)).status).toBe(200)
  }
})

afterAll(() => {
  if (!campaign) return
  const lines = table.map(({ name, obeyed, next }) => {
    const sorted = obeyed.toSorted((a, b) => a - b)
    const figures = [sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0, Math.max(...next)].map(
      (ms) => `${Math.round(ms)} ms`,
    )
    return `| ${[name, obeyed.length, ...figures, obeyed.filter((ms) => ms > 3_000).length].join(' | ')} |`
  })
  process.stderr.write(
    `| the feed is cut | times | obeyed after, median | worst | next change, worst | past 3 s |\n${lines.join('\n')}\n`,
  )
})
