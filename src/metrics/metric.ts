/** One value of a metric under its labels. */
export type Sample = [labels: Record<string, string>, value: number]
/** Observations under their labels: `buckets[i]` counts those up to `bounds[i]` and above the bound before it. */
type Observations = { labels: Record<string, string>; count: number; sum: number; buckets: readonly number[] }

/**
 * A metric of a room at /metrics. It is read at each scrape, so that existing counters are not counted twice. Labels
 * never refer to a person.
 */
export type Metric = { name: string; help: string; labels: readonly string[] } & (
  | { kind: 'counter'; read: () => Sample[] }
  | { kind: 'gauge'; read: () => Sample[] | Promise<Sample[]> }
  | { kind: 'histogram'; bounds: readonly number[]; read: () => Observations[] }
)

/** A counter without labels. */
export function counter(name: string, help: string, read: () => number): Metric {
  return { kind: 'counter', name, help, labels: [], read: () => [[{}, read()]] }
}

/** A counter for each value of one label. */
export function counterBy(name: string, help: string, label: string, read: () => Iterable<[string, number]>): Metric {
  return {
    kind: 'counter',
    name,
    help,
    labels: [label],
    read: () => [...read()].map(([value, count]) => [{ [label]: value }, count]),
  }
}

/** A gauge without labels; true and false are 1 and 0. */
export function gauge(name: string, help: string, read: () => number | boolean): Metric {
  return { kind: 'gauge', name, help, labels: [], read: () => [[{}, Number(read())]] }
}

/**
 * Gauges read from the database together, for all instances. A scrape reads them once; without a database they have no
 * samples.
 * @param shown name, help and value of each
 */
export function gaugesOf<K extends string>(
  read: () => Promise<Record<K, number>>,
  shown: readonly (readonly [name: string, help: string, figure: K])[],
): Metric[] {
  let reading: Promise<Record<K, number>> | undefined
  const readOnce = () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
  return shown.map(([name, help, figure]) => ({
    kind: 'gauge',
    name,
    help,
    labels: [],
    read: () =>
      readOnce().then(
        (figures) => [[{}, figures[figure]]],
        () => [],
      ),
  }))
}
