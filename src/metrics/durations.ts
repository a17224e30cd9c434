import type { Metric } from './metric.ts'

export type Durations = ReturnType<typeof createDurations>

/** Bounds in milliseconds, from a fraction of a millisecond to a deadline of seconds. */
const bounds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const

/** Counts durations in buckets, as plain numbers that /metrics reads. */
export function createDurations(upTo: readonly number[] = bounds) {
  const counted = { count: 0, milliseconds: 0, buckets: Array<number>(upTo.length + 1).fill(0) }
  return {
    bounds: upTo,
    observe(milliseconds: number): void {
      counted.count++
      counted.milliseconds += milliseconds
      let bucket = 0
      while (milliseconds > (upTo[bucket] ?? Number.POSITIVE_INFINITY)) bucket++
      counted.buckets[bucket] = (counted.buckets[bucket] ?? 0) + 1
    },
    read: () => counted,
  }
}

/** A histogram in seconds without labels. */
export function durationHistogram(name: string, help: string, durations: Durations): Metric {
  return durationHistogramBy(name, help, null, () => [['', durations]])
}

/** A histogram in seconds for each value of one label; all have the same bounds. */
export function durationHistogramBy(
  name: string,
  help: string,
  label: string | null,
  read: () => Iterable<[string, Durations]>,
  upTo: readonly number[] = bounds,
): Metric {
  return {
    kind: 'histogram',
    name,
    help,
    labels: label === null ? [] : [label],
    bounds: upTo.map((milliseconds) => milliseconds / 1000),
    read: () =>
      [...read()].map(([value, durations]) => {
        const { count, milliseconds, buckets } = durations.read()
        return { labels: label === null ? {} : { [label]: value }, count, sum: milliseconds / 1000, buckets }
      }),
  }
}
