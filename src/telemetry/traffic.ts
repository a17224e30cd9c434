import type { ProblemCode } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import type { StreamOutcome } from '../http/output/streaming.ts'
import type { PublicEnv } from '../http/request.ts'

export type Traffic = ReturnType<typeof createTraffic>
export type RequestCount = { method: string; route: string; statusClass: string; count: number }

/** What log and figures call the answer that its client did not wait for, as nginx does; it is never sent. */
export const clientClosed = 499

/** What was asked and answered since the start, for /metrics: plain numbers, for they are counted on every request. */
export function createTraffic() {
  /** Route → method → how many answers of 1xx, 2xx, … */
  const answers = new Map<string, Map<string, number[]>>()
  const problems = new Map<ProblemCode, number>()
  const streams = new Map<StreamOutcome, number>()
  /** Since the start, by whose failures were counted. */
  const lockouts = new Map<string, number>()

  function begin(route: string, method: string): number[] {
    const counts = [0, 0, 0, 0, 0]
    const methods = answers.get(route) ?? new Map<string, number[]>()
    answers.set(route, methods.set(method, counts))
    return counts
  }

  return {
    countAnswer(route: string, method: string, status: number): void {
      const counts = answers.get(route)?.get(method) ?? begin(route, method)
      const index = ((status / 100) | 0) - 1
      counts[index] = (counts[index] ?? 0) + 1
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
      return [...answers].flatMap(([route, methods]) =>
        [...methods].flatMap(([method, counts]) =>
          counts.map((count, i) => ({ method, route: route || 'unmatched', statusClass: `${i + 1}xx`, count })),
        ),
      )
    },
    streams: (): ReadonlyMap<StreamOutcome, number> => streams,
    problems: (): ReadonlyMap<ProblemCode, number> => problems,
    lockouts: (): ReadonlyMap<string, number> => lockouts,
  }
}

/** Counts every answer by its route's pattern, never by its path. */
export function countTraffic(traffic: Traffic) {
  return middleware<PublicEnv>({
    name: 'countTraffic',
    after(c) {
      const { route, clientClosed: closed } = c.get('call')
      traffic.countAnswer(route, c.req.method, closed ? clientClosed : c.res.status)
    },
  })
}
