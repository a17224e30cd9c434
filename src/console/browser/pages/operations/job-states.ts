import type { Job } from '@manas360/client'
import { plainText } from '../../parts/plain-text.ts'
import type { Format } from '../../shell/format.ts'
import { notify } from '../../shell/notices.tsx'
import type { OperationsTexts } from './texts-en.ts'

/** When a job is due: its interval after the last success. Null: at once, because it never succeeded or is overdue. */
export function nextRunOf({ lastRun, everySeconds }: Job): string | null {
  if (!lastRun?.succeededAt) return null
  const at = Date.parse(lastRun.succeededAt) + everySeconds * 1000
  return at > Date.now() ? new Date(at).toISOString() : null
}

/**
 * When a run was started here, the end of the job's last run at that time, and how many reads showed it neither running
 * nor ended.
 */
type Begun = { beganAt: number; finishedAt: string | null; missed: number }

/** A run whose instance died leaves no record; that of a failed run is written shortly after its end. */
const mostMissed = 5

const begun = new Map<string, Begun>()

/** Milliseconds since a job was started here; null: it was not, or has ended. */
export function runningMs(name: string): number | null {
  const one = begun.get(name)
  return one ? Date.now() - one.beganAt : null
}

/** Watches a run that was started here, to report its end. `before`: the job as read just before. */
export function watchRun(name: string, before: Job | undefined): void {
  begun.set(name, { beganAt: Date.now(), finishedAt: before?.lastRun?.finishedAt ?? null, missed: 0 })
}

/** Reports the end of each run that was started here and has ended by this read. */
export function reportEnds(jobs: readonly Job[], t: OperationsTexts, format: Format): void {
  for (const { name, running, lastRun } of jobs) {
    const one = begun.get(name)
    if (!one || running) continue
    if (lastRun && lastRun.finishedAt !== one.finishedAt) {
      begun.delete(name)
      notify(
        lastRun.outcome === 'succeeded'
          ? t.hasSucceeded(name, format.duration(lastRun.milliseconds))
          : t.hasFailed(name, plainText(lastRun.detail ?? '')),
      )
    } else if (++one.missed > mostMissed) {
      begun.delete(name)
      notify(t.hasVanished(name))
    }
  }
}
