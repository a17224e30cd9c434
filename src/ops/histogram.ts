import type { Registry } from 'prom-client'
import type { Metric } from '../metrics/metric.ts'

type Histogram = Extract<Metric, { kind: 'histogram' }>

/** Registers a histogram of existing counts, which the library's own class does not support. */
export function registerHistogram(
  { Histogram }: Pick<typeof import('prom-client'), 'Histogram'>,
  registry: Registry,
  metric: Histogram,
): void {
  const { name, help } = metric
  const histogram = new Histogram({
    name,
    help,
    labelNames: metric.labels,
    buckets: [...metric.bounds],
    registers: [registry],
  })
  // Members that the registry reads before `get`, although its type lacks them.
  Object.assign(histogram, {
    getForPromString: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: samplesOf(metric) }),
  })
}

type Sample = { metricName: string; labels: Record<string, string | number>; value: number }

function samplesOf({ name, bounds, read }: Histogram): Sample[] {
  return read().flatMap(({ labels, count, sum, buckets }) => {
    let counted = 0
    const upTo = bounds.map((le, i) => {
      counted += buckets[i] ?? 0
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: counted }
    })
    return [
      ...upTo,
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]
  })
}
