import type { Env, Hono, MiddlewareHandler } from 'hono'
import { type DescribeRouteOptions, resolver, uniqueSymbol } from 'hono-openapi'
import { z } from 'zod'
import { type ProblemCode, problems } from '../errors.ts'
import { idempotent } from './idempotency.ts'
import { noInput } from './valid.ts'

/** Every non-2xx body (RFC 9457). Some codes bring further members, such as `upgrade`. */
export const Problem = z
  .looseObject({
    type: z.url(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string(), code: z.string() })).optional(),
  })
  .meta({ ref: 'Problem' })

type Answer = z.ZodType | null | { json: z.ZodType; also: string }
type Answers = Partial<Record<200 | 201 | 202 | 204, Answer>> & { 304?: null }

/** What every route may answer, besides its own. */
const always: ProblemCode[] = ['bad-request', 'internal-error', 'deadline-exceeded']
/** The same of routes that are limited and may need the database: all but the probes. */
const beyondProbes: ProblemCode[] = ['rate-limited', 'database-unavailable', 'overloaded']
const withBody: ProblemCode[] = ['malformed-json', 'payload-too-large', 'unsupported-media-type', 'validation-failed']

/**
 * Documents a route: its answers on success (null: no body; `also`: a further media type), the problems of its own, and
 * the request headers that it reads. What follows from body, query and guards is added by `completeDocument`.
 */
export function describe(
  tag: string,
  summary: string,
  answers: Answers,
  codes: ProblemCode[] = [],
  headers: Record<string, string> = {},
) {
  const parameters = Object.entries(headers).map(
    ([name, description]) => ({ in: 'header', name, description, schema: { type: 'string' } }) as const,
  )
  return documented({
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [
        status,
        {
          description: status === '304' ? 'Not modified since the ETag in If-None-Match' : summary,
          ...(answer && { content: contentOf(answer) }),
        },
      ]),
    ),
    ...problemCodes([...always, ...(tag === 'Operations' ? [] : beyondProbes), ...codes]),
  })
}

const documentation = new WeakSet<object>()

/** Whether a handler only documents its route, and need not run. */
export function isDocumentation(handler: object): boolean {
  return documentation.has(handler)
}

/** As hono-openapi's describeRoute, which awaits what follows it: a promise for every request. */
function documented(spec: DescribeRouteOptions): MiddlewareHandler {
  const passOn: MiddlewareHandler = (_c, next) => next()
  documentation.add(passOn)
  return Object.assign(passOn, { [uniqueSymbol]: { spec } })
}

function contentOf(answer: z.ZodType | { json: z.ZodType; also: string }) {
  if (answer instanceof z.ZodType) return { 'application/json': { schema: resolver(answer) } }
  return {
    'application/json': { schema: resolver(answer.json) },
    [answer.also]: { schema: { type: 'string' as const } },
  }
}

const policies = new WeakMap<object, string>()

/** How the name of a guard begins that lets API keys in; the rest is the permission that they need. */
export const keyDemand = 'authenticated or key with '

/**
 * Names what a guard demands, so that the table of routes can be written out and checked, and documents its denials.
 * `authenticated` marks the route as one that takes a bearer, `keyDemand` as one that takes API keys, too.
 */
export function policy<T extends object>(name: string, guard: T, codes: ProblemCode[]): T {
  policies.set(guard, name)
  return Object.assign(guard, { [uniqueSymbol]: { spec: { ...problemCodes(codes), ...securityOf(name) } } })
}

function securityOf(name: string): { security?: Record<string, string[]>[] } {
  if (name === 'authenticated') return { security: [{ bearer: [] }] }
  if (isOpenToKeys(name)) return { security: [{ bearer: [] }, { apiKey: [name.slice(keyDemand.length)] }] }
  return {}
}

/** Whether what a guard demands lets API keys in. */
export function isOpenToKeys(demand: string | undefined): boolean {
  return demand?.startsWith(keyDemand) ?? false
}

/** What a middleware demands, if it is a guard. */
export function policyOf(middleware: object): string | undefined {
  return policies.get(middleware)
}

/** Lists are joined when the specs of a route's middlewares are merged; answers of one status would displace each other. */
const codesKey = 'x-problem-codes'

function problemCodes(codes: ProblemCode[]) {
  return { [codesKey]: codes }
}

type Parameter = { in: string; name: string }
type Operation = {
  responses: Record<string, unknown>
  requestBody?: unknown
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  [codesKey]?: ProblemCode[]
}
type Document = {
  paths: Record<string, Record<string, Operation | undefined> | undefined>
  components?: { schemas?: Record<string, unknown> }
}

const idempotencyKey = {
  in: 'header',
  name: 'Idempotency-Key',
  description: 'A request sent again with the same key within 24 hours gets the first answer, and does nothing more.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

/**
 * Adds to each operation the problem documents that it may answer: those that were named, those that follow from its
 * input, and those of the middlewares on its route.
 */
export function completeDocument<E extends Env>(generated: object, app: Hono<E>): void {
  // The generator's type allows a path to be anything that OpenAPI knows; what it makes are operations.
  const document = generated as Document
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
      Object.assign(operation.responses, problemResponses(codes))
    }
  const { $schema: _, ...schema } = z.toJSONSchema(Problem, { io: 'output' })
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: schema } }
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

function problemResponses(codes: ProblemCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status)
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [String(status), { description: group.join(', '), content }]),
  )
}
