import { type Case, type CaseOptions, type Outcome, Skipped } from './case.ts'
import { openStand, type Stand } from './stand.ts'

/** The outcome of a case; `reason`: why it was skipped, or how it broke off. */
export type Result = { case: Case; seconds: number } & End
type End = { kind: 'done'; outcome: Outcome } | { kind: 'skipped'; reason: string } | { kind: 'failed'; reason: string }

type Options = {
  cases: readonly Case[]
  isShort: boolean
  /** How often each fault is injected, instead of the form's number. */
  times?: number | undefined
  /** A compiled program; default: the sources. */
  program?: string[] | undefined
  signal: AbortSignal
  onProgress: (line: string) => void
}

/** Runs cases one after the other. Everything that was opened is closed, also when the signal aborts. */
export async function runCases({ cases, isShort, times, program, signal, onProgress }: Options): Promise<Result[]> {
  const stand = await openStand({ program, signal })
  const results: Result[] = []
  try {
    for (const one of cases) {
      if (signal.aborted) break
      const count = times ?? one.times[isShort ? 'short' : 'long']
      onProgress(`${one.name} (× ${count}): ${one.about}`)
      const result = await runCase(stand, one, { times: count, isShort })
      if (signal.aborted) break
      results.push(result)
      onProgress(`  ${describe(result)} (${result.seconds.toFixed(1)} s)`)
    }
    return results
  } finally {
    await stand.close()
  }
}

/** Runs one case; never throws. */
export async function runCase(stand: Stand, one: Case, options: CaseOptions): Promise<Result> {
  const startedAt = performance.now()
  const end = await one.run(stand, options).then(
    (outcome): End => ({ kind: 'done', outcome }),
    (error: unknown): End => ({
      kind: error instanceof Skipped ? 'skipped' : 'failed',
      reason: error instanceof Error ? error.message : String(error),
    }),
  )
  return { case: one, seconds: (performance.now() - startedAt) / 1000, ...end }
}

/** The broken guarantees of a case; empty: none. */
export function faultsOf(result: Result): string[] {
  if (result.kind === 'skipped') return []
  if (result.kind === 'failed') return [`it broke off: ${result.reason}`]
  const { lost, doubled, broken } = result.outcome
  return [...lost.map((what) => `lost: ${what}`), ...doubled.map((what) => `doubled: ${what}`), ...broken]
}

function describe(result: Result): string {
  const faults = faultsOf(result)
  if (faults.length > 0) return `FAILED: ${faults.slice(0, 10).join('\n          ')}`
  if (result.kind === 'skipped') return `skipped: ${result.reason}`
  if (result.kind === 'failed') return result.reason
  const { acknowledged, missed } = result.outcome
  return `${acknowledged} acknowledged, none lost or doubled${missed.map((what) => `; missed: ${what}`).join('')}`
}
