import type { Env, Hono } from 'hono'
import type { ProblemCode } from '../errors/app-error.ts'
import { noInput } from '../http/input/validate.ts'
import { codesKey, headersKey } from '../http/openapi.ts'
import { addHeaders, type HeaderName, headerComponents } from '../http/openapi-headers.ts'
import { problemResponses, problemSchemas } from '../http/openapi-problems.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import { idempotent } from '../idempotency/middleware.ts'

const withBody: ProblemCode[] = ['malformed-json', 'payload-too-large', 'unsupported-media-type', 'validation-failed']

type Parameter = { in: string; name: string }
type Operation = {
  responses: Record<string, { content?: Record<string, unknown> }>
  requestBody?: unknown
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  [codesKey]?: ProblemCode[]
  [headersKey]?: HeaderName[]
}
type Document = {
  paths: Record<string, Record<string, Operation | undefined> | undefined>
  components?: { schemas?: Record<string, unknown>; headers?: Record<string, object> }
}

const idempotencyKey = {
  in: 'header',
  name: 'Idempotency-Key',
  description: 'A request sent again with the same key within 24 hours gets the first answer, and does nothing more.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

/**
 * Adds to each operation the problem documents that it may answer: those that the route names, those that follow from
 * its input, and those of its middleware.
 */
export function completeDocument<E extends Env>(generated: object, app: Hono<E>): void {
  // The generator's type allows any path item of OpenAPI; it produces operations.
  const document = generated as Document
  const answered = new Set<ProblemCode>()
  const handlers = Map.groupBy(app.routes, ({ method, path }) => keyOf(method, path))
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations ?? {})) {
      if (!operation) continue
      const passes = (middleware: unknown) =>
        handlers.get(keyOf(method, path))?.some(({ handler }) => handler === middleware)
      const codes = [...(operation[codesKey] ?? []), ...codesOfInput(operation)]
      if (passes(noInput)) codes.push('validation-failed')
      if (passes(idempotent)) {
        operation.parameters = [...(operation.parameters ?? []), idempotencyKey]
        codes.push('idempotency-key-in-use', 'idempotency-key-reused')
      }
      if (takesKeys(operation) && path !== '/v1/authz/changes') codes.push('quota-exceeded')
      if (path.startsWith('/v1/admin/')) codes.push('authorisation-stale')
      delete operation[codesKey]
      for (const code of codes) answered.add(code)
      for (const [status, response] of Object.entries(problemResponses(codes))) {
        const page = operation.responses[status]?.content
        operation.responses[status] = page ? { ...response, content: { ...response.content, ...page } } : response
      }
      addHeaders(operation.responses, {
        limited: !probeRoutes.has(path),
        authenticated: operation.security !== undefined,
        idempotent: passes(idempotent) === true,
        conditional: operation.parameters?.some(({ name }) => name === 'If-Match') ?? false,
        added: operation[headersKey] ?? [],
      })
      delete operation[headersKey]
    }
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...problemSchemas(answered) },
    headers: headerComponents,
  }
}

function takesKeys({ security = [] }: Operation): boolean {
  return security.some((scheme) => 'apiKey' in scheme)
}

function codesOfInput({ requestBody, parameters = [] }: Operation): ProblemCode[] {
  const queries = parameters.filter((parameter) => parameter.in === 'query')
  return [
    ...(requestBody ? withBody : []),
    ...(queries.length > 0 ? (['validation-failed'] as const) : []),
    ...(queries.some(({ name }) => name === 'cursor') ? (['invalid-cursor'] as const) : []),
  ]
}

function keyOf(method: string, path: string): string {
  return `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`
}
