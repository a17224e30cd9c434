#!/usr/bin/env bun
import { parseArgs } from 'node:util'
import { signalToStop } from '../src/cli/signals.ts'
import { rehearseBackup, type Say } from './drill/backup.ts'
import { rehearseRotation } from './drill/rotation.ts'
import { Skipped } from './faults/case.ts'
import { openStand, type Stand } from './faults/stand.ts'

const usage = `Rehearses what operators do seldom, on servers and a PostgreSQL of its own: bun run drill [options]

  --only NAME      backup or rotation; both unless said otherwise
  --program FILE   a compiled program instead of the sources, e.g. dist/manas360
  --help           this text

backup:   a base backup under traffic, the WAL archived, the host lost, a restore to a moment; the ledger of what clients were
          told is compared with it, the audit trail verified, erasures replayed
rotation: every secret, in three rolling deployments of three servers behind haproxy under traffic

Exit code 0: everything held. Ctrl-C ends everything that was started.`

const drills: Record<string, (stand: Stand, say: Say) => Promise<string[]>> = {
  backup: rehearseBackup,
  rotation: rehearseRotation,
}

const { values: options } = parse()
if (options.help) say(usage)
else if (options.only !== undefined && !Object.hasOwn(drills, options.only)) {
  process.stderr.write('--only takes backup or rotation\n')
  process.exitCode = 64
} else process.exitCode = await main()

async function main(): Promise<number> {
  const program = options.program === undefined ? undefined : [options.program]
  const signal = signalToStop()
  const stand = await openStand({ program, signal })
  let isGood = true
  try {
    for (const [name, rehearse] of Object.entries(drills)) {
      if (signal.aborted || (options.only !== undefined && options.only !== name)) continue
      say(`${name}:`)
      const broken = await run(rehearse, stand)
      for (const what of broken) say(`   FAILED: ${what}`)
      isGood &&= broken.length === 0
    }
  } finally {
    await stand.close()
  }
  if (signal.aborted) return 130
  say(isGood ? 'everything held' : 'not everything held')
  return isGood ? 0 : 1
}

async function run(rehearse: (stand: Stand, say: Say) => Promise<string[]>, stand: Stand): Promise<string[]> {
  try {
    return await rehearse(stand, say)
  } catch (error) {
    if (!(error instanceof Skipped)) return [error instanceof Error ? error.message : String(error)]
    say(`   skipped: ${error.message}`)
    return []
  }
}

function parse() {
  try {
    return parseArgs({
      options: { only: { type: 'string' }, program: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`)
    process.exit(64)
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
