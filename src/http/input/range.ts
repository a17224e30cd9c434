import { invalid } from '../../errors/app-error.ts'

const DayMs = 86_400_000

/** @throws AppError `validation-failed` where a stretch of time ends before it begins. Both ends are written in one form. */
export function requireOrder({ from, to }: { from?: string; to?: string }): void {
  if (from !== undefined && to !== undefined && from > to)
    throw invalid('from', 'from must not be later than to.', 'range')
}

/**
 * Days, both included; the last 30 up to `today` unless said otherwise.
 * @throws AppError `validation-failed` for days the wrong way round, or more of them than `maxDays`
 */
export function toDays(
  { from, to }: { from?: string; to?: string },
  today: string,
  maxDays: number,
): { from: string; to: string } {
  const last = to ?? today
  const first = from ?? addDays(last, -29)
  requireOrder({ from: first, to: last })
  if (Date.parse(last) - Date.parse(first) >= maxDays * DayMs)
    throw invalid('from', `An answer covers at most ${maxDays} days.`, 'range')
  return { from: first, to: last }
}

/** Calendar days of no zone: daylight saving makes none longer. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DayMs).toISOString().slice(0, 10)
}
