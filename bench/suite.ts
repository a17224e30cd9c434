#!/usr/bin/env bun
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const usage = `Load on the whole service, open loop: bun run bench:load FORM [options]

  users    virtual users who arrive over a time and stay, each on a connection of its own; all server processes on one core
             --users N (100000)  --arrive SECONDS (60)  --stay SECONDS (600)  --rate N requests/s of all (12000)
             --bare: a bare Hono route in the place of the service, to see what as many connections cost by themselves
  beside   ours, bare Hono, Better Auth and Fastify in one run, at rising rates; each server on one core, the load on the other
             --seconds N a step (3)  --most N requests/s (40000)  --without-peers
  soak     mixed traffic for a long time: memory, open files, connections, tables, log
             --minutes N (60)  --rate N requests/s (200)

  sizes    what requests and jobs cost among a thousand to a million accounts; options of its own, see sizes --help
  regions  instances far from the primary: round trips, and how soon changes are obeyed there; see regions --help

  --plots DIRECTORY   where the plots go (SVG); default: beside the rest of what was measured, in a new temporary directory
  --help              this text

Latencies count from when a request was due. TEST_DATABASE_URL names a PostgreSQL server to use instead of an embedded one;
the database it makes there is dropped at the end. The exit code is 0 unless something could not be measured: whether
goals are met is for the reader.`

/** Forms that parse their own options. */
const others: Record<string, () => Promise<unknown>> = {
  sizes: () => import('./sizes.ts'),
  regions: () => import('./regions.ts'),
}
const other = others[process.argv[2] ?? '']
if (other) {
  await other()
  process.exit()
}

const number = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: number,
    users: number,
    arrive: number,
    stay: number,
    seconds: number,
    most: number,
    minutes: number,
    plots: { type: 'string' },
    'without-peers': { type: 'boolean', default: false },
    bare: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
})
const [form] = positionals
const directory = mkdtempSync(join(tmpdir(), 'manas360-load-'))
const plots = values.plots ?? directory

function numberOf(
  name: Exclude<keyof typeof values, 'help' | 'plots' | 'without-peers' | 'bare'>,
  otherwise: number,
): number {
  const given = Number(values[name] ?? otherwise)
  if (!(given > 0)) throw new Error(`--${name} must be a number above 0`)
  return given
}

if (values.help || form === undefined) {
  process.stdout.write(`${usage}\n`)
  process.exitCode = values.help ? 0 : 64
} else if (form === 'users') {
  const { users } = await import('./users.ts')
  await users({
    users: numberOf('users', 100_000),
    arriveSeconds: numberOf('arrive', 60),
    staySeconds: numberOf('stay', 600),
    rate: numberOf('rate', 12_000),
    bare: values.bare,
    directory,
    plots,
  })
} else if (form === 'beside') {
  const { beside } = await import('./beside.ts')
  await beside({
    seconds: numberOf('seconds', 3),
    most: numberOf('most', 40_000),
    directory,
    plots,
    withoutPeers: values['without-peers'],
  })
} else if (form === 'soak') {
  const { soak } = await import('./soak.ts')
  await soak({ minutes: numberOf('minutes', 60), rate: numberOf('rate', 200), directory, plots })
} else {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 64
}
