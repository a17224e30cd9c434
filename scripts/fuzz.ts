#!/usr/bin/env bun
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOptions } from './options.ts'

const usage = `The requests of tests/fuzz, so many and other ones, in legs with a database of their own: bun run fuzz [-- options]

  --requests N      default 1000000
  --seed N          default: the time of day
  --directory DIR   default .fuzz; started again with the same one it goes on where it ended
  --help            this text

Prints progress. Findings are lines of findings.ndjson, each with the seed and the smallest request that shows it; the exit
code is 1 when there are any.`

const legRequests = 25_000

type State = { seed: number; wanted: number; done: number; seconds: number; failedLegs: number }

const { values } = readOptions(usage, {
  options: {
    requests: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now()) },
    directory: { type: 'string', default: '.fuzz' },
  },
})
const wanted = Number(values.requests)
if (!Number.isSafeInteger(wanted) || wanted < 1) throw new Error('--requests: a whole number, at least 1')
mkdirSync(values.directory, { recursive: true })
const stateFile = join(values.directory, 'state.json')
const findings = join(values.directory, 'findings.ndjson')
process.exitCode = await run(readState())

function readState(): State {
  const fresh = { seed: Number(values.seed), wanted, done: 0, seconds: 0, failedLegs: 0 }
  return existsSync(stateFile) ? { ...(JSON.parse(readFileSync(stateFile, 'utf8')) as State), wanted } : fresh
}

async function run(state: State): Promise<number> {
  say(`seed ${state.seed}, ${state.done} of ${state.wanted} requests done, findings in ${findings}`)
  while (state.done < state.wanted) {
    const requests = Math.min(legRequests, state.wanted - state.done)
    const began = performance.now()
    const code = await leg(state.seed + state.done, requests)
    if (code === null) return 130
    state.done += requests
    state.seconds += (performance.now() - began) / 1_000
    if (code !== 0) state.failedLegs += 1
    writeFileSync(stateFile, JSON.stringify(state))
    say(`${state.done} of ${state.wanted} requests in ${Math.round(state.seconds)} s, ${found().length} findings`)
  }
  summarise(state)
  return found().length > 0 || state.failedLegs > 0 ? 1 : 0
}

/** Runs one leg. @returns the exit code; null when it was interrupted, so that the leg is run again */
function leg(seed: number, requests: number): Promise<number | null> {
  const log = join(values.directory, 'last-leg.log')
  const out = Bun.file(log).writer()
  const child = spawn(process.execPath, ['scripts/test.ts', 'tests/fuzz'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TEST_FUZZ_SEED: String(seed),
      TEST_FUZZ_REQUESTS: String(requests),
      TEST_FUZZ_OUT: join(process.cwd(), findings),
    },
  })
  let interrupted = false
  const stop = (): void => {
    interrupted = true
    child.kill('SIGINT')
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => out.write(chunk))
  return new Promise((resolve) => {
    child.on('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      void out.end()
      resolve(interrupted ? null : code)
    })
  })
}

function found(): string[] {
  return existsSync(findings) ? readFileSync(findings, 'utf8').split('\n').filter(Boolean) : []
}

/** Prints how often each operation was tried and succeeded, and the operations that never did. */
function summarise(state: State): void {
  const counts: Record<string, number> = {}
  const tallies = `${findings}.tally`
  for (const line of existsSync(tallies) ? readFileSync(tallies, 'utf8').split('\n').filter(Boolean) : [])
    for (const [name, count] of Object.entries((JSON.parse(line) as { counts: Record<string, number> }).counts))
      counts[name] = (counts[name] ?? 0) + count
  const names = new Set(Object.keys(counts).flatMap((name) => (name.startsWith('other') ? [] : [name.slice(0, -2)])))
  const never = [...names].filter((name) => !counts[`${name} 2`] && !counts[`${name} 3`])
  const by = (digit: string) =>
    Object.entries(counts).reduce((sum, [name, count]) => sum + (name.endsWith(digit) ? count : 0), 0)
  say(
    `${state.done} requests over ${names.size} operations: ${by('2')} × 2xx, ${by('3')} × 3xx, ${by('4')} × 4xx, ${by('5')} × 5xx`,
  )
  if (never.length > 0) say(`never let in and done: ${never.join(', ')}`)
  say(`${found().length} findings, ${state.failedLegs} legs that broke off`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
