#!/usr/bin/env bun
import { parseArgs } from 'node:util'
import { signalToStop } from '../src/cli/signals.ts'
import { cases } from './faults/list.ts'
import { toTable } from './faults/report.ts'
import { faultsOf, type Result, runCases } from './faults/run.ts'

const usage = `Injects faults into real servers under clients that keep a ledger: bun run faults [options]

  --case NAME      only this one; may be repeated
  --short          a few injections each; judged by guarantees alone, never by time
  --times N        how often each fault is injected, whatever the form says
  --program FILE   a compiled program instead of the sources, e.g. dist/manas360
  --list           the cases, and nothing is started
  --help           this text

Each case runs the server and a PostgreSQL of its own while clients register, change their profile, refresh, make API keys and
start trials, and an administrator gives roles. Afterwards what they were told is compared with what the database holds.
Prints a table as Markdown. Exit code 0: nothing was lost or doubled and every guarantee held, and in the long form every
goal of time was met. Ctrl-C ends everything that was started.`

const { values: options } = parse()
if (options.help) say(usage)
else if (options.list) for (const { name, about, times } of cases) say(`${name} (× ${times.long}): ${about}`)
else process.exitCode = await main()

async function main(): Promise<number> {
  const wanted = options.case ?? cases.map(({ name }) => name)
  const unknown = wanted.find((name) => !cases.some((one) => one.name === name))
  if (unknown !== undefined) return refuse(`There is no case ${unknown}: see --list`)
  const times = options.times === undefined ? undefined : Number(options.times)
  if (times !== undefined && !(Number.isInteger(times) && times > 0)) return refuse('--times takes a number from 1 on')
  const isShort = options.short ?? false
  const signal = signalToStop()
  const results = await runCases({
    cases: cases.filter(({ name }) => wanted.includes(name)),
    isShort,
    times,
    program: options.program === undefined ? undefined : [options.program],
    signal,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  if (results.length > 0) say(`\n${toTable(results, { isShort })}`)
  return signal.aborted ? 130 : results.every((result) => isGood(result, isShort)) ? 0 : 1
}

function isGood(result: Result, isShort: boolean): boolean {
  const isInTime = isShort || result.kind !== 'done' || result.outcome.missed.length === 0
  return faultsOf(result).length === 0 && isInTime
}

function parse() {
  try {
    return parseArgs({
      options: {
        case: { type: 'string', multiple: true },
        short: { type: 'boolean' },
        times: { type: 'string' },
        program: { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exit(64)
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 64
}
