#!/usr/bin/env bun
/** The story of the product against a running instance; exits 0 only if every step held. */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

const usage = `Usage: bun run smoke URL

Tells the story of the product to a running instance, a line per step, e.g. bun run smoke http://localhost:3000
It registers one throw-away account (smoke-…@example.com) and leaves it behind, logged out.

Exit code: 0 when every step held, 1 when one did not, 64 when it was called wrongly.`

const timeoutMs = 10_000

type Answer = { status: number; body: Record<string, unknown> }
type Session = { accessToken: string; refreshToken: string }

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
})
const [address = ''] = positionals
if (options.help) {
  print(usage)
} else if (positionals.length !== 1 || !/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 64
} else {
  process.exitCode = await tell(new URL(address).origin)
}

async function tell(origin: string): Promise<number> {
  const startedAt = performance.now()
  const credentials = {
    email: `smoke-${crypto.randomUUID()}@example.com`,
    password: randomBytes(18).toString('base64url'),
  }
  let steps = 0
  async function step<T>(name: string, run: () => Promise<[seen: string, result: T]>): Promise<T> {
    const stepAt = performance.now()
    try {
      const [seen, result] = await run()
      print(`✓ ${name.padEnd(56)} ${milliseconds(stepAt).padStart(8)}  ${seen}`)
      steps += 1
      return result
    } catch (error) {
      print(
        `✗ ${name.padEnd(56)} ${milliseconds(stepAt).padStart(8)}  ${error instanceof Error ? error.message : error}`,
      )
      throw error
    }
  }
  const refresh = async ({ refreshToken }: Session): Promise<[string, Session]> => {
    const answer = await call(origin, 'POST', '/v1/auth/refresh', { body: { refreshToken } })
    const next = sessionOf(answer, 200)
    demand(next.refreshToken !== refreshToken, answer, 'a new refresh token')
    return ['200, a new pair of tokens', next]
  }
  const login = async (): Promise<[string, Session]> => {
    const answer = await call(origin, 'POST', '/v1/auth/login', { body: credentials })
    return ['200, access and refresh token', sessionOf(answer, 200)]
  }

  try {
    await step('register', async () => {
      const answer = await call(origin, 'POST', '/v1/auth/register', { body: credentials })
      demand(
        answer.status !== 202,
        answer,
        '201; the instance wants e-mail addresses verified, which this story cannot do',
      )
      sessionOf(answer, 201)
      return [`201, ${credentials.email} on plan ${text(answer, 'user', 'plan', 'name')}`, undefined]
    })
    const first = await step('log in', login)
    await step('a gated route is denied, with the plan that unlocks it', async () => {
      const answer = await call(origin, 'GET', '/v1/dashboard/insights', { token: first.accessToken })
      expectProblem(answer, 403, 'feature-not-in-plan')
      return [`403 feature-not-in-plan, upgrade to ${text(answer, 'upgrade', 'plan')}`, undefined]
    })
    await step('entitlements', async () => {
      const answer = await call(origin, 'GET', '/v1/me/entitlements', { token: first.accessToken })
      demand(answer.status === 200, answer, '200')
      const { features } = answer.body
      demand(
        Array.isArray(features) && !features.includes('premium_dashboard'),
        answer,
        'features without premium_dashboard',
      )
      return [`200, plan ${text(answer, 'plan')}, role ${text(answer, 'role')}, features ${features}`, undefined]
    })
    const second = await step('refresh', () => refresh(first))
    const third = await step('refresh again', () => refresh(second))
    await step('the first refresh token is refused as reuse', async () => {
      const answer = await call(origin, 'POST', '/v1/auth/refresh', { body: { refreshToken: first.refreshToken } })
      expectProblem(answer, 401, 'refresh-token-reused')
      return ['401 refresh-token-reused', undefined]
    })
    await step('… and the reuse ended its session', async () => {
      const answer = await call(origin, 'GET', '/v1/me', { token: third.accessToken })
      expectProblem(answer, 401, 'session-revoked')
      return ['401 session-revoked', undefined]
    })
    const last = await step('log in', login)
    await step('log out', async () => {
      const answer = await call(origin, 'POST', '/v1/auth/logout', { token: last.accessToken })
      demand(answer.status === 204, answer, '204')
      return ['204', undefined]
    })
    await step('the access token of that session is refused', async () => {
      const answer = await call(origin, 'GET', '/v1/me', { token: last.accessToken })
      expectProblem(answer, 401, 'session-revoked')
      return ['401 session-revoked', undefined]
    })
    print(`All ${steps} steps held at ${origin} in ${milliseconds(startedAt)}.`)
    return 0
  } catch {
    print(`The story broke at ${origin} after ${steps} steps that held.`)
    return 1
  }
}

async function call(
  origin: string,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: object },
): Promise<Answer> {
  try {
    const response = await fetch(origin + path, {
      method,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, body: parse(await response.text()) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`no answer from ${origin}: ${why}. Is it running? Try: curl -i ${origin}/live`)
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function sessionOf(answer: Answer, status: number): Session {
  demand(answer.status === status, answer, `${status}`)
  return { accessToken: text(answer, 'accessToken'), refreshToken: text(answer, 'refreshToken') }
}

function expectProblem(answer: Answer, status: number, code: string): void {
  demand(answer.status === status && answer.body.code === code, answer, `${status} ${code}`)
}

/** A text somewhere in the answer, which must be there. */
function text(answer: Answer, ...path: string[]): string {
  const value = path.reduce<unknown>(
    (at, key) => (at instanceof Object && key in at ? Reflect.get(at, key) : undefined),
    answer.body,
  )
  demand(typeof value === 'string' && value !== '', answer, `a text at ${path.join('.')}`)
  return value
}

function demand(held: boolean, { status, body }: Answer, expected: string): asserts held {
  if (held) return
  const { code, detail, requestId } = body
  const seen = [status, code, detail, requestId && `(request ${requestId})`].filter(Boolean).join(' ')
  throw new Error(`expected ${expected}; got ${seen}`)
}

function milliseconds(since: number): string {
  return `${(performance.now() - since).toFixed(1)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
