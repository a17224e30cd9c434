import type { Registry } from 'prom-client'
import { durationBounds, type Traffic } from '../telemetry/traffic.ts'

const name = 'http_request_duration_seconds'
const bounds = durationBounds.map((milliseconds) => milliseconds / 1000)

/** `http_request_duration_seconds` of what was counted elsewhere, which the library's histogram cannot read. */
export function openDurations(
  registry: Registry,
  { Histogram }: typeof import('prom-client'),
  traffic: Pick<Traffic, 'requests'>,
): void {
  const help = 'How long answers took, by route and class of status'
  const labelNames = ['method', 'route', 'status'] as const
  const histogram = new Histogram({ name, help, labelNames, buckets: bounds, registers: [registry] })
  // What the registry asks a histogram for before `get`; its type does not tell.
  Object.assign(histogram, {
    getForPromString: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: samplesOf(traffic) }),
  })
}

type Labels = { method: string; route: string; status: string }
type Sample = { metricName: string; labels: Labels & { le?: number | string }; value: number }

function samplesOf(traffic: Pick<Traffic, 'requests'>): Sample[] {
  return traffic
    .requests()
    .filter(({ count }) => count > 0)
    .flatMap(({ method, route, statusClass, count, milliseconds, buckets }) => {
      const labels = { method, route, status: statusClass }
      let sum = 0
      const upTo = bounds.map((le, i) => {
        sum += buckets[i] ?? 0
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: sum }
      })
      return [
        ...upTo,
        { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
        { metricName: `${name}_sum`, labels, value: milliseconds / 1000 },
        { metricName: `${name}_count`, labels, value: count },
      ]
    })
}
