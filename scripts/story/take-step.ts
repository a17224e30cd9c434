import { codeOf } from './authenticator.ts'
import type { Answer, Call } from './call.ts'
import { findToken } from './kept-mail.ts'
import type { RunProgram } from './program.ts'
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
} from './step.ts'
import { visit } from './visit.ts'

/** How long an asynchronous result is awaited, in milliseconds. */
const untilMs = 30_000

type Instance = { origin: string; call: Call; program: RunProgram | undefined }

/** Runs one step. @returns a description of the result @throws Error for a failed expectation */
export async function takeStep(step: Step, variables: Variables, { origin, call, program }: Instance): Promise<string> {
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
