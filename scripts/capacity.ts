#!/usr/bin/env bun
import { parseArgs } from 'node:util'
import { toTable } from '../bench/report.ts'
import { type Assumptions, assumptions, bytes, costs } from './capacity/assumptions.ts'
import { billFor, type Demand, demandOf, demandOnline, machinesFor, storageAfter } from './capacity/model.ts'
import { priceDate, prices } from './capacity/prices.ts'

const names = Object.keys(assumptions) as (keyof Assumptions)[]
const usage = `What so many accounts need, by measured costs and assumed use: bun run capacity [options]

  --accounts LIST   default 100000,300000,500000,1000000,10000000
${names.map((name) => `${`  --${name} N`.padEnd(22)}default ${assumptions[name]}`).join('\n')}
  --help            this text

scripts/capacity/ has the measured costs, the assumptions and the prices, each in a file of its own.`

/** The tables of docs/scalability.md. */
export function tablesOf(accounts: readonly number[], a: Assumptions): string {
  const online = 'where all of them are online at once'
  return [
    ...casesOf('of an ordinary day', accounts, a, demandOf),
    ...casesOf(online, accounts, a, demandOnline).slice(0, 4),
    `Prices: US dollars a month in us-east-1, list prices as of ${priceDate}; a database with its standby, and the data of a year.`,
  ].join('\n\n')
}

function casesOf(
  when: string,
  accounts: readonly number[],
  a: Assumptions,
  demandFor: (accounts: number, a: Assumptions) => Demand,
): string[] {
  const cases = accounts.map((count) => {
    const demand = demandFor(count, a)
    const [one, three] = [storageAfter(1, count, a, bytes), storageAfter(3, count, a, bytes)]
    const machines = machinesFor(demand, one, a, { costs, prices })
    return { count, demand, machines, one, three, bill: billFor(demand, machines, one, { costs, prices }, a.peak) }
  })
  const rates = cases.map(({ count, demand }) => [
    whole(count),
    whole(demand.gated),
    whole(demand.ownReads),
    whole(demand.refreshes),
    demand.logIns.toFixed(1),
    demand.registrations.toFixed(1),
  ])
  const machines = cases.map(({ count, machines: m, one, three }) => [
    whole(count),
    `${m.programCores.toFixed(2)} → ${m.tasks}`,
    `${m.databaseCores.toFixed(2)} → ${m.databaseClass}${m.fits ? '' : ', not enough'}`,
    `${whole(m.connections)} (DB_POOL_MAX ${m.poolMax})`,
    m.first,
    `${whole(one)}, ${whole(three)} GB`,
  ])
  const bills = cases.map(({ count, bill }) => [
    whole(count),
    ...[bill.tasks, bill.database, bill.storage, bill.balancer, bill.cache, bill.total].map(whole),
    (bill.total / count).toFixed(4),
  ])
  return [
    `Requests a second at the peak, ${when}:`,
    toTable(['accounts', 'gated', 'own data', 'refreshes', 'log-ins', 'registrations'], rates),
    'Cores and what has them; what is used up first, and how far; data after one and three years:',
    toTable(['accounts', 'tasks of 1 vCPU', 'database', 'connections', 'first', 'data'], machines),
    'What it costs:',
    toTable(['accounts', 'tasks', 'database', 'disk', 'balancer', 'Valkey', 'together', 'an account'], bills),
  ]
}

const whole = (figure: number): string => Math.round(figure).toLocaleString('en')

function main(): number {
  const numbers = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const { values } = parseArgs({
    options: {
      ...numbers,
      accounts: { type: 'string', default: '100000,300000,500000,1000000,10000000' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const given = values as Record<string, string | boolean | undefined>
  const a = { ...assumptions }
  for (const name of names) if (given[name] !== undefined) a[name] = Number(given[name])
  const accounts = String(given.accounts).split(',').map(Number)
  const isWrong = [...Object.values(a), ...accounts].some((figure) => !(figure > 0))
  process.stdout.write(`${given.help || isWrong ? usage : tablesOf(accounts, a)}\n`)
  return isWrong ? 64 : 0
}

if (import.meta.main) process.exitCode = main()
