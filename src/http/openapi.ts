import { type DescribeRouteOptions, resolver, uniqueSymbol } from 'hono-openapi'
import { z } from 'zod'
import type { ProblemCode } from '../errors/app-error.ts'
import { middleware } from './middleware.ts'
import type { HeaderName } from './openapi-headers.ts'

/** The schema of an answer. Only the document reads it, so it is made then (`z.lazy`) and not at every start. */
type Shape = z.ZodLazy<z.ZodType>
/** JSON, and further media types of the same route, each with a description. */
type InSeveralTypes = { json: Shape; also: Record<string, string> }
/** The description of a page for browsers, beside the problem document for programs. */
type ErrorPage = { html: string }
type Answer = Shape | null | InSeveralTypes
type Answers = Partial<Record<200 | 201 | 202 | 204, Answer>> & { 302?: null; 304?: null; 400?: ErrorPage }

/** Problems that every route may answer. */
const always: ProblemCode[] = ['bad-request', 'internal-error', 'deadline-exceeded']
/** Further problems of all routes but the probes, because they are limited and use the database. */
const beyondProbes: ProblemCode[] = ['rate-limited', 'database-unavailable', 'service-unavailable', 'overloaded']

/**
 * Documents a route: its answers on success (null: no body), its own problems, and the request headers that it reads.
 * `completeDocument` adds what follows from body, query and guards.
 */
export function describe(
  tag: string,
  summary: string,
  answers: Answers,
  codes: ProblemCode[] = [],
  headers: Record<string, string> = {},
) {
  return documented(middleware({ name: 'describe' }), () => {
    const parameters = Object.entries(headers).map(
      ([name, description]) => ({ in: 'header', name, description, schema: { type: 'string' } }) as const,
    )
    const spec: DescribeRouteOptions = {
      tags: [tag],
      summary,
      ...(parameters.length > 0 && { parameters }),
      responses: Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          {
            description: status === '304' ? 'Not modified since the ETag in If-None-Match' : summary,
            ...(answer && { content: 'html' in answer ? pageOf(answer) : contentOf(answer) }),
          },
        ]),
      ),
      ...problemCodes([...always, ...(tag === 'Operations' ? [] : beyondProbes), ...codes]),
    }
    return { spec }
  })
}

type Documentation = { spec?: object; target?: string }

/**
 * Lets hono-openapi find what it says of a middleware, as on its own; made when the document is requested, and not at
 * every start. What was said of the middleware before is kept.
 */
export function documented<T extends object>(middleware: T, make: () => Documentation): T {
  const earlier: (() => Documentation) | undefined = Object.getOwnPropertyDescriptor(middleware, uniqueSymbol)?.get
  const get = earlier ? () => joined(earlier(), make()) : make
  return Object.defineProperty(middleware, uniqueSymbol, { get, configurable: true })
}

function joined(first: Documentation, second: Documentation): Documentation {
  const lists = [codesKey, headersKey].flatMap((key) => {
    const items = [first, second].flatMap(({ spec }) => (spec as Record<string, string[]> | undefined)?.[key] ?? [])
    return items.length > 0 ? [[key, [...new Set(items)]] as const] : []
  })
  return { ...first, ...second, spec: { ...first.spec, ...second.spec, ...Object.fromEntries(lists) } }
}

const pageOf = ({ html }: ErrorPage) => ({ 'text/html': { schema: { type: 'string' as const, description: html } } })

function contentOf(answer: Shape | InSeveralTypes) {
  if (answer instanceof z.ZodLazy) return { 'application/json': { schema: resolver(answer) } }
  const further = Object.entries(answer.also).map(
    ([type, description]) => [type, { schema: { type: 'string' as const, description } }] as const,
  )
  return { 'application/json': { schema: resolver(answer.json) }, ...Object.fromEntries(further) }
}

const policies = new WeakMap<object, string>()

/** Prefix of the name of a guard that admits API keys; the permission that they need follows. */
export const keyPolicyPrefix = 'authenticated or key with '

/**
 * Names a guard, so that the route matrix can be checked, and documents its denials. `authenticated` marks a route that
 * takes a bearer token, `keyPolicyPrefix` one that also takes API keys.
 */
export function policy<T extends object>(name: string, guard: T, codes: ProblemCode[]): T {
  policies.set(guard, name)
  return documented(guard, () => ({ spec: { ...problemCodes(codes), ...securityOf(name) } }))
}

/** Documents the problems of a middleware that is no guard. */
export function refusing<T extends object>(middleware: T, codes: ProblemCode[]): T {
  return documented(middleware, () => ({ spec: problemCodes(codes) }))
}

/** Documents headers that a middleware may add to the answers of its route; openapi-headers.ts says what they mean. */
export function adding<T extends object>(middleware: T, names: HeaderName[]): T {
  return documented(middleware, () => ({ spec: { [headersKey]: names } }))
}

function securityOf(name: string): { security?: Record<string, string[]>[] } {
  if (name === 'authenticated') return { security: [{ bearer: [] }] }
  if (isOpenToKeys(name)) return { security: [{ bearer: [] }, { apiKey: [name.slice(keyPolicyPrefix.length)] }] }
  return {}
}

/** Whether a guard of this name admits API keys. */
export function isOpenToKeys(demand: string | undefined): boolean {
  return demand?.startsWith(keyPolicyPrefix) ?? false
}

/** The name of a guard; undefined for other middleware. */
export function policyOf(middleware: object): string | undefined {
  return policies.get(middleware)
}

/**
 * Problem codes are kept as a list: merging the specs of a route's middlewares joins lists, but answers of one status
 * would replace each other.
 */
export const codesKey = 'x-problem-codes'
export const headersKey = 'x-added-headers'

function problemCodes(codes: ProblemCode[]) {
  return { [codesKey]: codes }
}
