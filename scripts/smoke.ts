#!/usr/bin/env bun
/** Runs the steps of the walkthrough against a running instance; exits 0 only if all succeed. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isPostgresInUse } from '../src/embedded-postgres/open.ts'
import { administration } from './story/administration.ts'
import { codeOf } from './story/authenticator.ts'
import { type Answer, type Call, createCall } from './story/call.ts'
import { invitation } from './story/invitation.ts'
import { findToken, showsMails } from './story/kept-mail.ts'
import { payment } from './story/payment.ts'
import { person } from './story/person.ts'
import { type RunProgram, toRun } from './story/program.ts'
import { recovery } from './story/recovery.ts'
import {
  type Ask,
  demand,
  fill,
  isAppCode,
  isCommand,
  isLook,
  isVisit,
  memberOf,
  type Step,
  type Variables,
} from './story/step.ts'
import { showsSandbox, visit } from './story/visit.ts'
import { webhooks } from './story/webhooks.ts'

/** How long an asynchronous result is awaited, in milliseconds. */
const untilMs = 30_000

const usage = `Usage: bun run smoke URL [--program COMMAND]

Tells the story of the product to a running instance, a line per step, e.g. bun run smoke http://localhost:3000
First that of a person, with a payment where the instance has the sandbox, and with the mails that an instance in development keeps; then that of those who run the service, which begins with create-admin and leads to
audit verify and, with the mails, to an invitation. Those two are commands of the program: COMMAND runs it, e.g. dist/manas360, with this environment, which
must lead to the instance's own database. Default for an instance on this host: bun src/main.ts, with DATABASE_URL, or on the
embedded database that is running: none is started. For any other the second part is left out unless --program is given.

The steps are those of docs/walkthrough.md. It makes throw-away accounts (smoke-…@example.com). Without the second part one is
left behind, logged out; with it all are erased, but for the superadmin where no other exists.

Exit code: 0 when every step held, 1 when one did not, 64 when it was called wrongly.`

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
      line('✓', await take(step, variables, { origin, call, program: run }))
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
  else if (!(await leave(call, variables)))
    print(`  ${variables.ROOT_EMAIL} is left, of a password that nobody knows: make your own superadmin, then erase it`)
  print(`All ${held} steps held at ${origin} in ${milliseconds(startedAt)}.`)
  return 0
}

type Instance = { origin: string; call: Call; program: RunProgram | undefined }

/** Runs one step. @returns a description of the result @throws Error for a failed expectation */
async function take(step: Step, variables: Variables, { origin, call, program }: Instance): Promise<string> {
  const { expect, run, keep = {}, check } = step
  if (isLook(run)) {
    variables[run.token] = await findToken(origin, { ...run, mailTo: fill(run.mailTo, variables) })
    return `a mail leads to /account/${run.page}`
  }
  if (isAppCode(run)) {
    variables[run.code] = codeOf(fill(`$${run.secretIn}`, variables), run.stepsAhead)
    return 'the app shows six digits'
  }
  if (isVisit(run)) {
    const seen = await visit(origin, fill(`$${run.visit}`, variables), run.press)
    demand(expect !== undefined && 'output' in expect && expect.output.test(seen), `another state than: ${seen}`)
    return seen
  }
  if (isCommand(run)) {
    const args = run.args.map((arg) => fill(arg, variables))
    const said = await program?.(args, run.input && fill(run.input, variables))
    demand(expect !== undefined && 'output' in expect && expect.output.test(said ?? ''), `other words than: ${said}`)
    return said ?? ''
  }
  const answer = await ask(run, variables, call)
  if (expect && 'status' in expect) expectAnswer(answer, expect)
  for (const [variable, path] of Object.entries(keep)) {
    const value = memberOf(answer.body, path)
    demand(typeof value === 'string' && value !== '', `a text at ${path}`)
    variables[variable] = value
  }
  const seen = [answer.status, answer.body.code].filter(Boolean).join(' ')
  const more = check?.(answer, variables)
  return more ? `${seen}, ${more}` : seen
}

async function ask({ method, path, as, body, until }: Ask, variables: Variables, call: Call): Promise<Answer> {
  const encoded = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, encodeURIComponent(value)]),
  )
  const endsAt = performance.now() + untilMs
  for (;;) {
    const answer = await call(method, fill(path, encoded), {
      ...(as && { token: fill(`$${as}`, variables) }),
      ...(body && { body: JSON.parse(fill(JSON.stringify(body), variables)) as object }),
    })
    const isThere = until === undefined || JSON.stringify(answer.body).includes(until)
    if (isThere || performance.now() > endsAt) return answer
    await Bun.sleep(250)
  }
}

function expectAnswer({ status, body }: Answer, expected: { status: number; code?: string }): void {
  if (status === expected.status && (expected.code === undefined || body.code === expected.code)) return
  const { code, detail, requestId } = body
  const seen = [status, code, detail, requestId && `(request ${requestId})`].filter(Boolean).join(' ')
  const hint =
    status === 202
      ? '; the instance wants e-mail addresses verified, which this story cannot do'
      : expected.status === 200 && body.code === 'invalid-credentials'
        ? "; was the account made in another database? The program must lead to the instance's own: see --program and DATABASE_URL"
        : ''
  throw new Error(`expected ${expected.status} ${expected.code ?? ''}; got ${seen}${hint}`)
}

/** Erases the superadmin of the run. @returns false where it is the only one, which must stay */
async function leave(call: Call, { ROOT: token, ROOT_ID: id, PASSWORD: password }: Variables): Promise<boolean> {
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
