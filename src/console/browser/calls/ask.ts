import { isProblem, type Problem } from '@manas360/client'
import type { ClientResponse } from 'hono/client'
import { reauthenticate } from '../session/proof.ts'
import { endSession, renew } from '../session/session.ts'
import { noteLost } from './connection.ts'
import { GivenUp, Refused, Unreachable } from './failure.ts'
import { waitVisibly } from './waiting.ts'

type Answer = ClientResponse<unknown, number, string>
type Successful<R> =
  R extends ClientResponse<infer T, infer S, string>
    ? S extends 200 | 201 | 202
      ? T
      : S extends 204
        ? null
        : never
    : never
type Options = {
  /** Set by the calls of the proof itself, which must not wait for a proof. */
  proves?: boolean
}
/** Options of the calls made by the proof dialog. */
export const proving: Options = { proves: true }

const maxTurns = 4
const maxPauseMs = 60_000

/**
 * Sends a call and returns the body of its success. Renews an expiring token first. Where the service requires a
 * stronger or more recent sign-in, the proof dialog opens and the call is then sent again, so that no input is lost.
 * @throws Refused with the service's problem document
 * @throws Unreachable where no answer came
 * @throws GivenUp where the person cancelled the proof
 */
export async function ask<R extends Answer>(
  send: () => Promise<R>,
  { proves = false }: Options = {},
): Promise<Successful<R>> {
  return (await bodyOf(await askForAnswer(send, proves))) as Successful<R>
}

/**
 * As `ask`, but returns the body as a stream, for answers too long to be held in memory. A broken connection fails the
 * reader.
 */
export async function askForStream<R extends Answer>(send: () => Promise<R>): Promise<ReadableStream<Uint8Array>> {
  const { body } = await askForAnswer(send, false)
  if (!body) throw new Unreachable('an answer without a body')
  return body as ReadableStream<Uint8Array>
}

async function askForAnswer<R extends Answer>(send: () => Promise<R>, proves: boolean): Promise<R> {
  for (let turn = 1; ; turn++) {
    const answer = await sent(send)
    if (answer.headers.get('Authz-Refresh') === '1') void renew().catch(() => {})
    if (answer.ok) return answer
    const problem = await problemOf(answer)
    if (turn >= maxTurns || !(await mayGoOn(problem, proves))) throw new Refused(problem)
  }
}

/** As `ask`, for reads only: waits while the rate limit is exceeded, instead of failing. */
export async function askPatiently<R extends Answer>(send: () => Promise<R>): Promise<Successful<R>> {
  for (let turn = 1; ; turn++) {
    try {
      return await ask(send)
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.code !== 'rate-limited' || turn >= maxTurns) throw error
      await waitVisibly(retryAfterMs.get(error.problem) ?? maxPauseMs)
    }
  }
}

const retryAfterMs = new WeakMap<Problem, number>()

async function sent<R extends Answer>(send: () => Promise<R>): Promise<R> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error
    noteLost()
    throw new Unreachable('no answer', { cause: error })
  }
}

async function bodyOf(answer: Answer): Promise<unknown> {
  if (answer.status === 204) return null
  const type = answer.headers.get('Content-Type') ?? ''
  return type.includes('json') ? answer.json() : answer.text()
}

async function problemOf(answer: Answer): Promise<Problem> {
  const body = await answer.json().catch(() => null)
  if (!isProblem(body)) throw new Unreachable(`status ${answer.status} without a problem document`)
  const seconds = Number(answer.headers.get('Retry-After'))
  if (seconds > 0) retryAfterMs.set(body, Math.min(seconds * 1000, maxPauseMs))
  return body
}

/** Whether the cause of the refusal was removed, so that the call may be sent again. */
async function mayGoOn({ code }: Problem, proves: boolean): Promise<boolean> {
  switch (code) {
    case 'token-expired':
      return renew()
    case 'mfa-required':
    case 'reauthentication-required':
      if (proves) return false
      if (!(await reauthenticate(code))) throw new GivenUp(code)
      return true
    case 'session-revoked':
    case 'account-disabled':
    case 'invalid-token':
    case 'authentication-required':
      endSession('ended')
      return false
    default:
      return false
  }
}
