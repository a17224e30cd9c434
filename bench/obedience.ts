import type postgres from 'postgres'
import type { Change, ChangeSource, Fleet } from './changes.ts'

/** The promised bound while the database can be reached. */
export const boundMs = 3_000
const pauseMs = 1_000
/** The interval of requests to each instance while a change is awaited, in milliseconds. */
const askEveryMs = { listen: 4, poll: 20 }

export type Mode = keyof typeof askEveryMs
/** Delays in milliseconds; the number of answers with old rights after the bound, and after one with the new rights. */
export type Measured = { delays: number[]; late: number; back: number }
type Trial = { mode: Mode; fleet: Fleet; ports: number[]; results: Map<string, Measured>; endsAt: number }

/** Makes one change after the other until the time is over. */
export async function drive(source: ChangeSource, index: number, trial: Trial): Promise<void> {
  const { results, ports, endsAt } = trial
  for (let turn = index; performance.now() < endsAt; turn++) {
    const change = await source()
    await Bun.sleep(pauseMs * (0.5 + Math.random()))
    const measured = results.get(change.name) ?? { delays: [], late: 0, back: 0 }
    results.set(change.name, measured)
    await watch(change, turn % ports.length, trial, measured)
  }
}

type Sample = { sentAt: number; at: number; obeyed: boolean }

/** Makes a change, and sends requests to every instance until all answers show it. */
async function watch(change: Change, through: number, trial: Trial, measured: Measured): Promise<void> {
  const { mode, ports, fleet } = trial
  const samples = ports.map((): Sample[] => [])
  const allObey = () => samples.every((taken) => taken.at(-1)?.obeyed)
  const probes = ports.map(async (port, index) => {
    while (!allObey()) {
      const sentAt = wallClock()
      const status = await ask(port, change)
      samples[index]?.push({ sentAt, at: wallClock(), obeyed: change.isObeyed(status) })
      await Bun.sleep(askEveryMs[mode])
    }
  })
  await change.make(through)
  await Promise.all(probes)
  const committedAt = await findCommit(fleet.sql, change.accountId)
  for (const taken of samples) {
    const first = taken.find(({ obeyed }) => obeyed)
    if (first) measured.delays.push(first.at - committedAt)
    const old = taken.filter(({ obeyed }) => !obeyed)
    measured.late += old.filter(({ sentAt }) => sentAt > committedAt + boundMs).length
    measured.back += old.filter(({ sentAt }) => first && sentAt > first.at).length
  }
}

/** The commit time of the last change of this account, or of the catalogue, in epoch milliseconds. */
async function findCommit(sql: postgres.Sql, accountId: string | null): Promise<number> {
  const [row] = await sql<{ at: number }[]>`
    select (extract(epoch from pg_xact_commit_timestamp(xid::xid)) * 1000)::float8 as at
      from authz_changes where account_id is not distinct from ${accountId} order by id desc limit 1`
  if (!row?.at) throw new Error('the server of TEST_DATABASE_URL needs track_commit_timestamp = on')
  return row.at
}

async function ask(port: number, { probe: { method, path, json }, bearer }: Change): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, ...(json !== undefined && { 'content-type': 'application/json' }) },
    body: json === undefined ? undefined : JSON.stringify(json),
  })
  await response.arrayBuffer()
  return response.status
}

/** The clock of this host, which is PostgreSQL's too, with fractions of milliseconds. */
function wallClock(): number {
  return performance.timeOrigin + performance.now()
}
