import type { MiddlewareHandler } from 'hono'
import { type DescribeRouteOptions, resolver, uniqueSymbol } from 'hono-openapi'
import { z } from 'zod'
import type { ProblemCode } from '../errors/app-error.ts'
import { middleware } from './middleware.ts'

/** JSON, and what the same route answers in further media types, each with what is in it. */
type InSeveralTypes = { json: z.ZodType; also: Record<string, string> }
type Answer = z.ZodType | null | InSeveralTypes
type Answers = Partial<Record<200 | 201 | 202 | 204, Answer>> & { 304?: null }

/** What every route may answer, besides its own. */
const always: ProblemCode[] = ['bad-request', 'internal-error', 'deadline-exceeded']
/** The same of routes that are limited and may need the database: all but the probes. */
const beyondProbes: ProblemCode[] = ['rate-limited', 'database-unavailable', 'service-unavailable', 'overloaded']

/**
 * Documents a route: its answers on success (null: no body), the problems of its own, and
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

/** As hono-openapi's describeRoute, which awaits what follows it: a promise for every request. */
function documented(spec: DescribeRouteOptions): MiddlewareHandler {
  return Object.assign(middleware({ name: 'describe' }), { [uniqueSymbol]: { spec } })
}

function contentOf(answer: z.ZodType | InSeveralTypes) {
  if (answer instanceof z.ZodType) return { 'application/json': { schema: resolver(answer) } }
  const further = Object.entries(answer.also).map(
    ([type, description]) => [type, { schema: { type: 'string' as const, description } }] as const,
  )
  return { 'application/json': { schema: resolver(answer.json) }, ...Object.fromEntries(further) }
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

/** Documents what a middleware that is no guard may refuse a request with. */
export function refusing<T extends object>(middleware: T, codes: ProblemCode[]): T {
  return Object.assign(middleware, { [uniqueSymbol]: { spec: problemCodes(codes) } })
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
export const codesKey = 'x-problem-codes'

function problemCodes(codes: ProblemCode[]) {
  return { [codesKey]: codes }
}
