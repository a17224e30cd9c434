import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { toAppError } from '../../db/database.ts'
import { AppError, type ProblemCode } from '../../errors/app-error.ts'
import type { PublicEnv } from '../request.ts'
import { problemResponse, statusResponse } from './problem.ts'

/** The codes of the catalogue for plain statuses. */
const codes: Record<number, ProblemCode> = {
  400: 'bad-request',
  401: 'authentication-required',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  500: 'internal-error',
  503: 'service-unavailable',
  504: 'deadline-exceeded',
}

/**
 * For `app.onError`: renders an error as a problem document, and logs causes that clients do not see. The response of
 * an HTTPException is used as it is.
 */
export function toResponse(error: unknown, c: Context<PublicEnv>): Response {
  const deps = c.get('deps')
  const context = c.get('context')
  if (error instanceof HTTPException && (error.res || !codes[error.status])) return ofException(error, c)
  const known = error instanceof HTTPException ? toKnown(error) : toAppError(error)
  context.clientClosed = known instanceof AppError && known.code === 'deadline-exceeded' && context.abandoned
  if (!context.clientClosed) deps.traffic.countProblem(known instanceof AppError ? known.code : 'internal-error')
  const { response, unexpected } = problemResponse(known, contextOf(c))
  context.problem = known instanceof AppError && !unexpected ? known.code : 'internal-error'
  if (unexpected) deps.log.error({ requestId: context.id, err: error }, 'unexpected error')
  else if (response.status >= 500 && !context.clientClosed) warn(error, c)
  return response
}

/** An HTTPException, as third-party middleware throws it: its own response, or a problem document of its status. */
function ofException(error: HTTPException, c: Context<PublicEnv>): Response {
  if (error.status >= 500) warn(error, c)
  return error.res ? error.getResponse() : statusResponse(error.status, detailOf(error), contextOf(c))
}

function toKnown(error: HTTPException): AppError {
  return new AppError(codes[error.status] ?? 'internal-error', { detail: detailOf(error) || undefined, cause: error })
}

/** Messages of 5xx errors may be confidential. */
function detailOf({ status, message }: HTTPException): string {
  return status < 500 ? message : ''
}

function contextOf(c: Context<PublicEnv>) {
  return { publicUrl: c.get('deps').config.publicUrl, instance: c.req.path, requestId: c.get('context').id }
}

function warn(error: unknown, c: Context<PublicEnv>): void {
  const err = error instanceof AppError ? (error.cause ?? error) : error
  c.get('deps').log.warn({ requestId: c.get('context').id, err }, 'request failed')
}
