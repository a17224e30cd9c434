import { isProblem, type Problem } from '@manas360/client'
import type { ClientResponse } from 'hono/client'
import { reauthenticate } from '../session/proof.ts'
import { endSession, renew } from '../session/session.ts'
import { reportLost } from './connection.ts'
import { CancelledError, ProblemError, UnreachableError } from './failure.ts'
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
  isProof?: boolean
}
/** Options of the calls made by the proof dialog. */
export const duringProof: Options = { isProof: true }

const maxTurns = 4
const maxPauseMs = 60_000

/**
 * Sends a call and returns the body of its success. Renews an expiring token first. Where the service requires a
 * stronger or more recent sign-in, the proof dialog opens and the call is then sent again, so that no input is lost.
 * @throws ProblemError with the service's problem document
 * @throws UnreachableError where no answer came
 * @throws CancelledError where the person cancelled the proof
 */
export async function callApi<R extends Answer>(
  send: () => Promise<R>,
  { isProof = false }: Options = {},
): Promise<Successful<R>> {
  return (await bodyOf(await sendUntilAllowed(send, isProof))) as Successful<R>
}

/**
 * As `callApi`, but returns the body as a stream, for answers too long to be held in memory. A broken connection fails the
 * reader.
 */
export async function streamApi<R extends Answer>(send: () => Promise<R>): Promise<ReadableStream<Uint8Array>> {
  const { body } = await sendUntilAllowed(send, false)
  if (!body) throw new UnreachableError('an answer without a body')
  return body as ReadableStream<Uint8Array>
}

async function sendUntilAllowed<R extends Answer>(send: () => Promise<R>, isProof: boolean): Promise<R> {
  for (let turn = 1; ; turn++) {
    const answer = await sent(send)
    if (answer.headers.get('Authz-Refresh') === '1') void renew().catch(() => {})
    if (answer.ok) return answer
    const problem = await problemOf(answer)
    if (turn >= maxTurns || !(await mayGoOn(problem, isProof))) throw new ProblemError(problem)
  }
}

/** As `callApi`, for reads only: waits while the rate limit is exceeded, instead of failing. */
export async function readApi<R extends Answer>(send: () => Promise<R>): Promise<Successful<R>> {
  for (let turn = 1; ; turn++) {
    try {
      return await callApi(send)
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.code !== 'rate-limited' || turn >= maxTurns) throw error
      await waitVisibly(retryAfterMs.get(error.problem) ?? maxPauseMs)
    }
  }
}

const retryAfterMs = new WeakMap<Problem, number>()

async function sent<R extends Answer>(send: () => Promise<R>): Promise<R> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof ProblemError || error instanceof UnreachableError) throw error
    reportLost()
    throw new UnreachableError('no answer', { cause: error })
  }
}

async function bodyOf(answer: Answer): Promise<unknown> {
  if (answer.status === 204) return null
  const type = answer.headers.get('Content-Type') ?? ''
  return type.includes('json') ? answer.json() : answer.text()
}

async function problemOf(answer: Answer): Promise<Problem> {
  const body = await answer.json().catch(() => null)
  if (!isProblem(body)) throw new UnreachableError(`status ${answer.status} without a problem document`)
  const seconds = Number(answer.headers.get('Retry-After'))
  if (seconds > 0) retryAfterMs.set(body, Math.min(seconds * 1000, maxPauseMs))
  return body
}

/** Whether the cause of the refusal was removed, so that the call may be sent again. */
async function mayGoOn({ code }: Problem, isProof: boolean): Promise<boolean> {
  switch (code) {
    case 'token-expired':
      return renew()
    case 'mfa-required':
    case 'reauthentication-required':
      if (isProof) return false
      if (!(await reauthenticate(code))) throw new CancelledError(code)
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
