import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { AppError, problems } from '../errors/app-error.ts'
import type { Answered } from './tracer.ts'

/** The methods of OpenTelemetry's conventions; others are `_OTHER`, because clients may invent them. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY'])

/**
 * Sets the name and attributes of a request's span by OpenTelemetry's conventions for HTTP servers. Path and query are
 * left out: paths hold ids, and queries search terms.
 */
export function describeAnswer(span: Span, { method, route, status, requestId, code }: Answered): void {
  const known = methods.has(method)
  span.updateName([known ? method : 'HTTP', route].filter(Boolean).join(' '))
  span.setAttributes({
    'http.request.method': known ? method : '_OTHER',
    'http.response.status_code': status,
    'manas360.request.id': requestId,
    ...(route !== '' && { 'http.route': route }),
    ...(code !== null && { 'manas360.problem': code }),
  })
  if (status < 500) return
  span.setAttribute('error.type', code ?? String(status))
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/**
 * Sets the code or class of an error on a span, without its message, which may quote a value. A refusal (below 500) is
 * not marked as an error.
 */
export function describeFailure(span: Span, error: unknown): void {
  span.setAttribute('error.type', typeOf(error))
  if (error instanceof AppError && problems[error.code].status < 500) return
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : ''
  return /^[\w-]{1,60}$/.test(code) ? code : error.name
}
