import type { Context } from 'hono'
import { toAppError } from '../db.ts'
import type { PublicEnv } from '../env.ts'
import { AppError } from '../errors.ts'
import { problemResponse } from './problem.ts'

/** Renders whatever was thrown as a problem document, and tells the operator what the client is not told. */
export function toResponse(error: unknown, c: Context<PublicEnv>): Response {
  const deps = c.get('deps')
  const call = c.get('call')
  const known = toAppError(error)
  call.clientClosed = known instanceof AppError && known.code === 'deadline-exceeded' && call.abandoned
  if (!call.clientClosed) deps.traffic.countProblem(known instanceof AppError ? known.code : 'internal-error')
  const { response, unexpected } = problemResponse(known, {
    publicUrl: deps.config.publicUrl,
    instance: c.req.path,
    requestId: call.id,
  })
  call.problem = known instanceof AppError && !unexpected ? known.code : 'internal-error'
  if (unexpected) deps.log.error({ requestId: call.id, err: error }, 'unexpected error')
  else if (response.status >= 500 && !call.clientClosed)
    deps.log.warn(
      { requestId: call.id, err: error instanceof AppError ? (error.cause ?? error) : error },
      'request failed',
    )
  return response
}
