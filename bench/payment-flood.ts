import type postgres from 'postgres'
import { signEvent } from '../src/billing/providers/sandbox/events.ts'
import { deriveKey } from '../src/crypto/hash.ts'
import type { Outcome } from './load.ts'
import { type Child, residentMegabytes, runLoad } from './processes.ts'
import { ms, toTable } from './report.ts'
import { asBytes, type Person } from './requests.ts'
import { percentile } from './statistics.ts'

const quietSeconds = 10
/** The length of the pieces into which the load beside the flood is divided. */
const pieceSeconds = 5
const drainSeconds = 300

type Flood = {
  server: Child
  /** The accounts that pay and send gated requests meanwhile. */
  payers: readonly Person[]
  sql: postgres.Sql
  events: number
  /** Concurrent webhooks. */
  atOnce: number
  /** Gated requests per second. */
  rate: number
  /** The server's AUDIT_KEY, from which the sandbox's key is derived. */
  key: string
}

/** Sends webhooks about the paid subscriptions, beside gated requests, until all are processed. @returns the tables */
export async function measureFlood(flood: Flood): Promise<string> {
  const { server, payers, sql, events, atOnce, rate } = flood
  const run = crypto.randomUUID()
  const load = (seconds: number) => {
    const requests = payers.slice(0, 20).map(asBytes.gatedGet)
    return runLoad({ port: server.port, connections: 16, seconds, requests, rate }, { pin: false })
  }
  const paymentsBefore = await countPayments(sql)
  const quiet = await load(quietSeconds)

  const before = residentMegabytes(server.pid)
  let most = before
  const sampler = setInterval(() => {
    most = Math.max(most, residentMegabytes(server.pid))
  }, 100)
  const startedAt = performance.now()
  const sinceStart = () => (performance.now() - startedAt) / 1000
  const sending = sendAll(flood, run).then((sent) => ({ ...sent, seconds: sinceStart() }))
  let isOver = false
  const draining = sending
    .then(() => drain(sql, run))
    .then(sinceStart)
    .finally(() => {
      isOver = true
    })
  const pieces = [await load(pieceSeconds)]
  while (!isOver) pieces.push(await load(pieceSeconds))
  const [sent, drainedSeconds] = await Promise.all([sending, draining])
  clearInterval(sampler)

  const gated = (name: string, outcomes: readonly Outcome[]) => [
    `gated GET, ${rate}/s, ${name}`,
    ms(
      percentile(
        outcomes.map(({ p50 }) => p50),
        0.5,
      ),
    ),
    ...(['p99', 'max'] as const).map((key) => ms(Math.max(...outcomes.map((outcome) => outcome[key])))),
    `${outcomes.reduce((sum, { failed }) => sum + failed, 0)}`,
  ]
  const rest = pieces.slice(1)
  const table = toTable(
    [`${events} webhooks, ${atOnce} at once`, 'p50', 'p99', 'worst', 'failed'],
    [
      ['webhook', ...[0.5, 0.99, 1].map((share) => ms(percentile(sent.delays, share))), `${sent.refused}`],
      gated(`quiet, ${quietSeconds} s`, [quiet]),
      gated(`the first ${pieceSeconds} s of the flood`, pieces.slice(0, 1)),
      // The median p50 and the highest p99 of the pieces.
      ...(rest.length > 0 ? [gated(`the other ${rest.length * pieceSeconds} s, worst ${pieceSeconds} s`, rest)] : []),
    ],
  )
  const ended = (await listStates(sql, run)).map(({ status, n }) => `${n} ${status}`).join(', ')
  const memory = [before, most, residentMegabytes(server.pid)].map((megabytes) => megabytes.toFixed(0))
  return `${table}

All were answered after ${sent.seconds.toFixed(1)} s and looked into after ${drainedSeconds.toFixed(1)} s: ${ended}.
Payments before and after: ${paymentsBefore}, ${await countPayments(sql)}. Memory before, at most and after: ${memory.join(', ')} MB.`
}

/** @returns milliseconds of each answer, and how many were not 200 */
async function sendAll({ server, sql, events, atOnce, key }: Flood, run: string) {
  const subscriptions = await sql<{ id: string }[]>`
    select provider_subscription_id as id from user_subscriptions where provider_subscription_id is not null and ended_at is null`
  const signingKey = deriveKey(key, 'sandbox webhooks')
  const delays: number[] = []
  let next = 0
  let refused = 0
  async function send(): Promise<void> {
    while (next < events) {
      const turn = next++
      const object = subscriptions[turn % subscriptions.length]?.id ?? ''
      const event = { id: `evt_${run}_${turn}`, type: 'subscription.updated', object, at: '' }
      const message = signEvent(signingKey, event, Math.floor(Date.now() / 1000))
      const sentAt = performance.now()
      const path = '/v1/billing/webhooks/sandbox'
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', ...message })
      await answer.arrayBuffer()
      delays.push(performance.now() - sentAt)
      if (answer.status !== 200) refused++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, send))
  return { delays, refused }
}

/** Resolves when no event is queued. */
async function drain(sql: postgres.Sql, run: string): Promise<void> {
  const endsAt = performance.now() + drainSeconds * 1000
  while ((await listStates(sql, run)).some(({ status }) => status === 'queued')) {
    if (performance.now() > endsAt) throw new Error(`some events were not looked into in ${drainSeconds} s`)
    await Bun.sleep(200)
  }
}

function listStates(sql: postgres.Sql, run: string): Promise<{ status: string; n: number }[]> {
  return sql<{ status: string; n: number }[]>`
    select status, count(*)::int as n from billing_events where event_id like ${`evt_${run}_%`} group by 1 order by 1`
}

async function countPayments(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ n: number }[]>`select count(*)::int as n from payments`
  return row?.n ?? Number.NaN
}
