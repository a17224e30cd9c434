import { type ProblemCode, problems } from './problems.ts'

export { type ProblemCode, problems } from './problems.ts'

/** A refused value: its path, advice, and a stable code. */
export type FieldError = { path: string; message: string; code: string }

type Options = {
  /** Replaces the catalogue's sentence; visible to the client. */
  detail?: string
  /** Further members of the problem document, e.g. `upgrade`. */
  members?: Record<string, unknown>
  errors?: FieldError[]
  headers?: Record<string, string>
  /** Seconds for `Retry-After`. */
  retryAfter?: number
  /** For the operator's log only; never sent to the client. */
  cause?: unknown
}

/** An error for the client, sent as a problem document. */
export class AppError extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly members: Record<string, unknown>
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, options: Options = {}) {
    super(code, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.detail = options.detail ?? problems[code].detail
    this.members = options.members ?? {}
    this.errors = options.errors
    this.headers = { ...options.headers }
    const retryAfter = options.retryAfter ?? (problems[code].status === 503 ? 1 : undefined)
    if (retryAfter !== undefined) this.headers['Retry-After'] = String(Math.max(1, Math.ceil(retryAfter)))
  }
}

/** A 422 for one value. `path` is dotted, e.g. `password` or `items.0.name`. */
export function invalid(path: string, message: string, code = 'invalid'): AppError {
  return new AppError('validation-failed', { errors: [{ path, message, code }] })
}
