import type { Job } from '@manas360/client'
import { plainText } from '../../parts/plain-text.ts'
import type { Format } from '../../shell/format.ts'
import { notify } from '../../shell/notices.tsx'
import type { OperationsTexts } from './texts-en.ts'

/**
 * When the schedule wants a job next: so long after it succeeded last. Null: as soon as somebody looks, for it never succeeded
 * or its time is over.
 */
export function nextRunOf({ lastRun, everySeconds }: Job): string | null {
  if (!lastRun?.succeededAt) return null
  const at = Date.parse(lastRun.succeededAt) + everySeconds * 1000
  return at > Date.now() ? new Date(at).toISOString() : null
}

/** When a job was begun here, how its last run ended then, and how often it was seen neither at work nor ended since. */
type Begun = { beganAt: number; finishedAt: string | null; missed: number }

/** A run whose instance died leaves no record; the record of one that failed comes a moment after its end. */
const mostMissed = 5

const begun = new Map<string, Begun>()

/** For how long a job has run that was begun here, in milliseconds; null: it was not. */
export function awaitedFor(name: string): number | null {
  const one = begun.get(name)
  return one ? Date.now() - one.beganAt : null
}

/** Its end is told once it is seen; `before` is what the service said of the job just before it was begun. */
export function awaitEnd(name: string, before: Job | undefined): void {
  begun.set(name, { beganAt: Date.now(), finishedAt: before?.lastRun?.finishedAt ?? null, missed: 0 })
}

/** Tells of each job that was begun here how it ended, as the service says now. */
export function tellEnds(jobs: readonly Job[], t: OperationsTexts, format: Format): void {
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
