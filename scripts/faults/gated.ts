import { call, describeFailure } from './call.ts'

export type Gated = ReturnType<typeof startGated>

/** The outcomes of the requests of a period; milliseconds count from when a request was due. */
export type GatedFigures = { answered: number; failed: Map<string, number>; p50: number; p99: number }

/**
 * Authorised requests that need no statement, `rate` per second whatever the answers (open loop).
 * @param address the present address of the server
 */
export function startGated(address: () => string, bearer: () => string, rate: number) {
  let latencies: number[] = []
  let failed = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const startedAt = performance.now()
  let sent = 0

  async function ask(dueAt: number): Promise<void> {
    const answer = await call(address(), '/v1/entitlements/api_access', { bearer: bearer() })
    if (typeof answer !== 'string' && answer.status === 200) latencies.push(performance.now() - dueAt)
    else failed.set(describeFailure(answer), (failed.get(describeFailure(answer)) ?? 0) + 1)
  }

  const timer = setInterval(
    () => {
      for (; startedAt + (sent * 1000) / rate <= performance.now(); sent++) {
        const one: Promise<void> = ask(startedAt + (sent * 1000) / rate).finally(() => underWay.delete(one))
        underWay.add(one)
      }
    },
    Math.max(1, Math.floor(250 / rate)),
  )

  return {
    /** The figures since the last call. */
    take(): GatedFigures {
      const sorted = latencies.sort((a, b) => a - b)
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
      const figures = { answered: sorted.length, failed, p50: at(0.5), p99: at(0.99) }
      latencies = []
      failed = new Map()
      return figures
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}
