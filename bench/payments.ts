#!/usr/bin/env bun
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { measureFlood } from './payment-flood.ts'
import { type Child, startServer } from './processes.ts'
import { provenance } from './provenance.ts'
import { toFleet } from './regions/fleet.ts'
import { ms, toTable } from './report.ts'
import { createClient, type Person } from './requests.ts'
import { percentile } from './statistics.ts'

const usage = `Measures payments between two instances: bun bench/payments.ts [options]

  --people N   who pay at the sandbox, one after the other (default 100)
  --events N   webhooks of the flood (default 5000)
  --at-once N  of them under way at once (default 50)
  --rate N     gated requests a second beside the flood, open loop (default 300)
  --help       this text

Two server processes on one PostgreSQL, each logging to a file. First the delay from paid, at instance A, until instance B
lets the access token of before through a gated request. Then a flood of signed webhooks at A, about the subscriptions
that were just paid, so that each is looked into. TEST_DATABASE_URL names a server to use instead of an embedded one.`

const gatedPath = '/v1/entitlements/premium_dashboard'
const askEveryMs = 2
const boundMs = 60_000

const number = { type: 'string' } as const
const { values: options } = parseArgs({
  options: { people: number, events: number, 'at-once': number, rate: number, help: { type: 'boolean', short: 'h' } },
})
const [people, events, atOnce, rate] = [
  Number(options.people ?? 100),
  Number(options.events ?? 5_000),
  Number(options['at-once'] ?? 50),
  Number(options.rate ?? 300),
]
if (options.help) print(usage)
else if (![people, events, atOnce, rate].every((given) => given > 0)) throw new Error('options are numbers above 0')
else await main()

async function main(): Promise<void> {
  const database = await openDatabase(process.env.TEST_DATABASE_URL)
  const directory = mkdtempSync(join(tmpdir(), 'manas360-payments-'))
  const environment = { ...productionEnvironment(database.url), NODE_ENV: 'development', BILLING_PROVIDERS: 'sandbox' }
  const sql = postgres(database.url, { max: 2, onnotice: () => {} })
  const servers: Child[] = []
  try {
    for (const name of ['a', 'b'])
      servers.push(await startServer(environment, { pin: false, log: join(directory, `${name}.log`) }))
    const [a, b] = servers as [Child, Child]
    print(`${provenance(['bun bench/payments.ts', ...process.argv.slice(2)].join(' '))}, load average ${averages()}:\n`)
    const payers = await measurePaying(a, b, environment.OPS_TOKEN, sql)
    print(await measureFlood({ server: a, payers, sql, events, atOnce, rate, key: environment.AUDIT_KEY }))
    print(`\nLoad average at the end: ${averages()}.`)
  } finally {
    await sql.end({ timeout: 5 })
    await Promise.all(servers.map((server) => server.stop()))
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** All accounts pay at A and are admitted at B. @returns them, with new tokens */
async function measurePaying(a: Child, b: Child, opsToken: string, sql: postgres.Sql): Promise<Person[]> {
  const client = createClient(a.port, opsToken)
  const fleet = toFleet([a.port, b.port])
  const fromClick: number[] = []
  const fromAnswer: number[] = []
  const gaps: number[] = []
  const payers: Person[] = []
  for (let i = 0; i < people; i++) {
    const person = await client.register()
    // The trial was used, so that payment is due.
    await sql`insert into trials (account_id, plan) select id, 'professional' from user_accounts where email = ${person.email}`
    const wish = { plan: 'professional', interval: 'month' }
    const { checkoutUrl } = await fleet.ask<{ checkoutUrl: string }>(
      0,
      'POST',
      '/v1/subscription',
      person.accessToken,
      wish,
    )
    const denied = await askGated(b, person)
    if (denied !== 'denied') throw new Error(`before the payment, a gated request was ${denied}`)
    const letThrough = watch(b, person, gaps)
    const clickedAt = performance.now()
    const page = await fetch(`http://127.0.0.1:${a.port}${new URL(checkoutUrl).pathname}`, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay' }),
      redirect: 'manual',
    })
    const answeredAt = performance.now()
    if (page.status !== 303) throw new Error(`the checkout page answered ${page.status}`)
    const at = await letThrough
    fromClick.push(at - clickedAt)
    fromAnswer.push(Math.max(0, at - answeredAt))
    payers.push(await client.refresh(person))
  }
  const row = (name: string, delays: number[]) => [
    name,
    ...[0.5, 0.99, 1].map((share) => ms(percentile(delays, share))),
  ]
  print(
    toTable(
      [`until B lets the old token through, ${people} people`, 'p50', 'p99', 'worst'],
      [row('from the answer of the page at A', fromAnswer), row('from the press of its button', fromClick)],
    ),
  )
  print(
    `\nB was asked ${askEveryMs} ms after each answer: one every ${ms(percentile(gaps, 0.5))} (p99 ${ms(percentile(gaps, 0.99))}).\n`,
  )
  return payers
}

/** Sends requests until one is admitted. @returns the time of that answer */
async function watch(server: Child, person: Person, gaps: number[]): Promise<number> {
  const startedAt = performance.now()
  for (let before = startedAt; before < startedAt + boundMs; ) {
    const outcome = await askGated(server, person)
    const now = performance.now()
    gaps.push(now - before)
    before = now
    if (outcome === 'passed') return now
    await Bun.sleep(askEveryMs)
  }
  throw new Error(`somebody who paid was not let through in ${boundMs / 1000} s`)
}

async function askGated({ port }: Child, { accessToken }: Person): Promise<'passed' | 'denied'> {
  const answer = await fetch(`http://127.0.0.1:${port}${gatedPath}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  const text = await answer.text()
  if (answer.status === 200 && answer.headers.get('authz-refresh') === '1') return 'passed'
  if (answer.status === 403) return 'denied'
  throw new Error(`${gatedPath} answered ${answer.status}: ${text}`)
}

function averages(): string {
  return loadavg()
    .map((each) => each.toFixed(1))
    .join(', ')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
