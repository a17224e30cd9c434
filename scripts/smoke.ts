#!/usr/bin/env bun
/** Runs the steps of the walkthrough against a running instance; exits 0 only if all succeed. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isPostgresInUse } from '../src/embedded-postgres/open.ts'
import { administration } from './story/administration.ts'
import { type Call, createCall } from './story/call.ts'
import { invitation } from './story/invitation.ts'
import { showsMails } from './story/kept-mail.ts'
import { payment } from './story/payment.ts'
import { person } from './story/person.ts'
import { toRun } from './story/program.ts'
import { recovery } from './story/recovery.ts'
import type { Variables } from './story/step.ts'
import { takeStep } from './story/take-step.ts'
import { showsSandbox } from './story/visit.ts'
import { webhooks } from './story/webhooks.ts'

const usage = `Usage: bun run smoke URL [--program COMMAND]

Runs the steps of docs/walkthrough.md against a running instance, a line for each, e.g. bun run smoke http://localhost:3000
First those of a person, with a payment where the instance has the sandbox, and with mails where an instance in development
stores them; then those of administrators, from create-admin to audit verify and, with mails, an invitation. These two are
commands of the program: COMMAND runs it, e.g. dist/manas360, with this environment, which must have the instance's own
database. Default for an instance on this host: bun src/main.ts, with DATABASE_URL, or on the running embedded database: none is
started. For other instances the second part is left out unless --program is given.

It makes throw-away accounts (smoke-…@example.com). Without the second part one is left, logged out; with it all are
erased, except the superadmin where no other exists.

Exit code: 0 when every step succeeded, 1 when one failed, 64 for wrong arguments.`

const { values: options, positionals } = parse()
const [address = ''] = positionals
if (options.help) {
  print(usage)
} else if (positionals.length !== 1 || !/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 64
} else {
  const url = new URL(address)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  // Without a configured or running database the program would start one of its own, which is not the instance's.
  const hasDatabase = process.env.DATABASE_URL || isPostgresInUse(join(import.meta.dir, '../.data/postgres'))
  const own = `'${process.execPath}' '${join(import.meta.dir, '../src/main.ts')}'`
  const program = options.program ?? (isHere && hasDatabase ? own : undefined)
  process.exitCode = await story(url.origin, program)
}

async function story(origin: string, program: string | undefined): Promise<number> {
  const startedAt = performance.now()
  const call = createCall(origin)
  const run = program === undefined ? undefined : toRun(program)
  const variables = throwAway()
  const hasMails = await showsMails(origin).catch(() => false)
  const hasSandbox = await showsSandbox(origin).catch(() => false)
  const steps = [
    ...person,
    ...(hasSandbox ? payment : []),
    ...(hasMails ? recovery : []),
    ...(run ? [...administration, ...webhooks] : []),
    ...(run && hasMails ? invitation : []),
  ]
  let held = 0
  for (const step of steps) {
    const stepAt = performance.now()
    const line = (mark: string, seen: string) =>
      print(`${mark} ${step.title.padEnd(56)} ${milliseconds(stepAt).padStart(9)}  ${seen}`)
    try {
      line('✓', await takeStep(step, variables, { origin, call, program: run }))
      held += 1
    } catch (error) {
      line('✗', error instanceof Error ? error.message : String(error))
      print(`The story broke at ${origin} after ${held} steps that held.`)
      return 1
    }
  }
  if (!hasSandbox)
    print('– payment is left out: only the sandbox takes no money, outside production and from its own machine')
  if (!hasMails) print('– recovery is left out: only an instance that keeps its mails shows them, to its own machine')
  if (!run) print("– administration is left out: it needs --program, and the instance's own database")
  else if (!(await eraseRoot(call, variables)))
    print(`  ${variables.ROOT_EMAIL} stays, with a random password: make a superadmin of your own, then erase it`)
  print(`All ${held} steps held at ${origin} in ${milliseconds(startedAt)}.`)
  return 0
}

/** Erases the superadmin of the run. @returns false where it is the only one, which must stay */
async function eraseRoot(call: Call, { ROOT: token, ROOT_ID: id, PASSWORD: password }: Variables): Promise<boolean> {
  const demoted = await call('PUT', `/v1/admin/users/${id}/role`, { token, body: { role: 'user' } })
  const erased = demoted.status === 200 && (await call('DELETE', '/v1/me', { token, body: { password } }))
  return erased && erased.status === 204
}

function throwAway(): Variables {
  const email = () => `smoke-${crypto.randomUUID()}@example.com`
  return {
    EMAIL: email(),
    RAVI_EMAIL: email(),
    ROOT_EMAIL: email(),
    MIRA_EMAIL: email(),
    TARA_EMAIL: email(),
    NILA_EMAIL: email(),
    NEW_EMAIL: email(),
    PASSWORD: randomBytes(18).toString('base64url'),
    OTHER_PASSWORD: randomBytes(18).toString('base64url'),
  }
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, program: { type: 'string' } },
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`)
    process.exit(64)
  }
}

function milliseconds(since: number): string {
  return `${(performance.now() - since).toFixed(1)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
