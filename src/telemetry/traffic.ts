import type { ProblemCode } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import type { StreamOutcome } from '../http/output/streaming.ts'
import { contextOf, type PublicEnv } from '../http/request.ts'

export type Traffic = ReturnType<typeof createTraffic>
/** The answers of one route, method and status class. */
type RequestCount = { method: string; route: string; statusClass: string } & Answers
type Answers = {
  count: number
  milliseconds: number
  /** Answers by duration: one count for each bound of `durationBounds`. */
  buckets: number[]
}

/**
 * Bucket bounds in milliseconds: answers from memory take one, with the database tens, with a password hash hundreds.
 */
export const durationBounds = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000]

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** The status of requests whose client disconnected, in log and metrics, as in nginx; never sent. */
export const clientClosed = 499

/** Counts answers since the start, for /metrics: plain numbers, because it runs on every request. */
export function createTraffic() {
  /** Route → method → answers of 1xx, 2xx, … */
  const answers = new Map<string, Map<string, Answers[]>>()
  const problems = new Map<ProblemCode, number>()
  const streams = new Map<StreamOutcome, number>()
  /** Lockouts since the start, by the counter that locked. */
  const lockouts = new Map<string, number>()

  function begin(route: string, asked: string): Answers[] {
    // Other methods are counted together, because clients may invent them.
    const method = methods.has(asked) ? asked : 'other'
    const byMethod = answers.get(route) ?? new Map<string, Answers[]>()
    const classes = byMethod.get(method) ?? Array.from({ length: 5 }, noAnswers)
    answers.set(route, byMethod.set(method, classes))
    return classes
  }

  return {
    countAnswer(route: string, method: string, status: number, milliseconds: number): void {
      const classes = answers.get(route)?.get(method) ?? begin(route, method)
      const counted = classes[((status / 100) | 0) - 1]
      if (!counted) return
      counted.count++
      counted.milliseconds += milliseconds
      let bucket = 0
      while (milliseconds > (durationBounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
      counted.buckets[bucket] = (counted.buckets[bucket] ?? 0) + 1
    },
    countStream(outcome: StreamOutcome): void {
      streams.set(outcome, (streams.get(outcome) ?? 0) + 1)
    },
    countProblem(code: ProblemCode): void {
      problems.set(code, (problems.get(code) ?? 0) + 1)
    },
    countLockout(counter: string): void {
      lockouts.set(counter, (lockouts.get(counter) ?? 0) + 1)
    },
    requests(): RequestCount[] {
      return [...answers].flatMap(([route, byMethod]) =>
        [...byMethod].flatMap(([method, classes]) =>
          classes.map((counted, i) => ({ method, route: toOpenApiPath(route), statusClass: `${i + 1}xx`, ...counted })),
        ),
      )
    },
    streams: (): ReadonlyMap<StreamOutcome, number> => streams,
    problems: (): ReadonlyMap<ProblemCode, number> => problems,
    lockouts: (): ReadonlyMap<string, number> => lockouts,
  }
}

const noAnswers = (): Answers => ({ count: 0, milliseconds: 0, buckets: Array(durationBounds.length + 1).fill(0) })

/** A route's pattern in the form of the OpenAPI document. */
export function toOpenApiPath(route: string): string {
  return route === '' ? 'unmatched' : route.replace(/:(\w+)(?:\{[^}]*\})?\??/g, '{$1}')
}

/** Counts every answer by its route's pattern, never by the path. */
export function countTraffic(traffic: Traffic) {
  return middleware<PublicEnv>({
    name: 'countTraffic',
    after(c) {
      const context = contextOf(c)
      context.milliseconds = performance.now() - context.startedAt
      context.status = context.clientClosed ? clientClosed : c.res.status
      traffic.countAnswer(context.route, context.method, context.status, context.milliseconds)
    },
  })
}
