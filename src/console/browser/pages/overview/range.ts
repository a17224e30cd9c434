/** UTC days, both included. */
export type Range = { from: string; to: string }

export const presets = [7, 30, 90, 365] as const
const defaultDays = 30
const dayMs = 86_400_000

/** The range of the query: `days=90`, or `from` and `to`; the last 30 days by default. */
export function rangeOf({ days, from, to }: Readonly<Record<string, string>>, now = Date.now()): Range {
  if (isDay(from) && isDay(to)) return { from, to }
  const count = presets.find((one) => String(one) === days) ?? defaultDays
  return { from: dayOf(now - (count - 1) * dayMs), to: dayOf(now) }
}

/** The preset that the query names; null: a custom range. */
export function presetOf({ days, from, to }: Readonly<Record<string, string>>): number | null {
  if (isDay(from) && isDay(to)) return null
  return presets.find((one) => String(one) === days) ?? defaultDays
}

const isDay = (text: string | undefined): text is string =>
  text !== undefined && /^2\d{3}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Every day of a range, in order. */
export function daysOf({ from, to }: Range): string[] {
  const [first, last] = [Date.parse(from), Date.parse(to)]
  const count = Math.min(Math.max(Math.floor((last - first) / dayMs) + 1, 0), 366)
  return Array.from({ length: count }, (_, i) => dayOf(first + i * dayMs))
}

/** One value for each day; 0 for days without an entry. */
export function valuesOf<T extends { day: string }>(
  days: readonly string[],
  said: readonly T[],
  value: (one: T) => number,
): number[] {
  const byDay = new Map(said.map((one) => [one.day, value(one)]))
  return days.map((day) => byDay.get(day) ?? 0)
}

/** The sum of values. */
export const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/** The level at the end of each day, from the level before the first day and the change of each. */
export function runningFrom(start: number, changes: readonly number[]): number[] {
  let now = start
  return changes.map((change) => {
    now += change
    return now
  })
}
