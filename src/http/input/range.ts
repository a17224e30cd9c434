import { invalid } from '../../errors/app-error.ts'

const dayMs = 86_400_000

/** @throws AppError `validation-failed` when `to` is before `from`. Both have the same format. */
export function requireOrder({ from, to }: { from?: string; to?: string }): void {
  if (from !== undefined && to !== undefined && from > to)
    throw invalid('from', 'from must not be later than to.', 'range')
}

/**
 * The days of a range, both ends included; default: the last 30 up to `today`.
 * @throws AppError `validation-failed` when the range is reversed or has more than `maxDays` days
 */
export function toDays(
  { from, to }: { from?: string; to?: string },
  today: string,
  maxDays: number,
): { from: string; to: string } {
  const last = to ?? today
  const first = from ?? addDays(last, -29)
  requireOrder({ from: first, to: last })
  if (Date.parse(last) - Date.parse(first) >= maxDays * dayMs)
    throw invalid('from', `An answer covers at most ${maxDays} days.`, 'range')
  return { from: first, to: last }
}

/** Adds calendar days, in no time zone. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10)
}
