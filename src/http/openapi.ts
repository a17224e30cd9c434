import { describeRoute, resolver, uniqueSymbol } from 'hono-openapi'
import { z } from 'zod'
import { type ProblemCode, problems } from '../errors.ts'

/** Every non-2xx body (RFC 9457). Some codes bring further members, such as `upgrade`. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string(), code: z.string() })).optional(),
  })
  .meta({ ref: 'Problem' })

type Answers = Partial<Record<200 | 201 | 202 | 204, z.ZodType | null>>

/** What every route may answer, besides its own. */
const always: ProblemCode[] = ['bad-request', 'rate-limited', 'internal-error', 'deadline-exceeded']
const withDatabase: ProblemCode[] = ['database-unavailable', 'overloaded']

/** Documents a route: its answers on success (null: no body) and the problems of its own. */
export function describe(tag: string, summary: string, answers: Answers, codes: ProblemCode[] = []) {
  const success = Object.entries(answers).map(([status, schema]) => [
    status,
    {
      description: summary,
      ...(schema && { content: { 'application/json': { schema: resolver(schema) } } }),
    },
  ])
  return describeRoute({
    tags: [tag],
    summary,
    responses: { ...Object.fromEntries(success), ...problemResponses([...always, ...withDatabase, ...codes]) },
  })
}

const policies = new WeakMap<object, string>()

/**
 * Names what a guard demands, so that the table of routes can be written out and checked, and documents its denials.
 * `authenticated` marks the route as one that takes a bearer.
 */
export function policy<T extends object>(name: string, guard: T, codes: ProblemCode[]): T {
  policies.set(guard, name)
  const spec = { responses: problemResponses(codes), ...(name === 'authenticated' && { security: [{ bearer: [] }] }) }
  return Object.assign(guard, { [uniqueSymbol]: { spec } })
}

/** What a middleware demands, if it is a guard. */
export function policyOf(middleware: object): string | undefined {
  return policies.get(middleware)
}

function problemResponses(codes: ProblemCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      { description: group.join(', '), content: { 'application/problem+json': { schema: resolver(Problem) } } },
    ]),
  )
}
