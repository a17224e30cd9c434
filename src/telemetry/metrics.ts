import { type ProblemCode, problems } from '../errors/app-error.ts'
import { counterBy, type Metric } from '../metrics/metric.ts'
import { durationBounds, type Traffic } from './traffic.ts'

const problemCodes = Object.keys(problems) as ProblemCode[]

/** The counters and durations of answers. */
export function trafficMetrics(traffic: Pick<Traffic, 'requests' | 'streams' | 'problems'>): Metric[] {
  const labels = ['method', 'route', 'status']
  const all = () =>
    traffic.requests().map(({ method, route, statusClass, ...counted }) => ({
      labels: { method, route, status: statusClass },
      ...counted,
    }))
  const answered = () => all().filter(({ count }) => count > 0)
  // Counters of 5xx begin at 0, so that Prometheus sees the first failure of a route as an increase.
  const counted = () => all().filter(({ count, labels: { status } }) => count > 0 || status === '5xx')
  return [
    {
      kind: 'counter',
      name: 'manas360_http_requests_total',
      help: 'HTTP answers, by method, route (as in the OpenAPI document) and class of status (2xx to 5xx)',
      labels,
      read: () => counted().map(({ labels, count }) => [labels, count]),
    },
    {
      kind: 'histogram',
      name: 'http_request_duration_seconds',
      help: 'Seconds from the request to its answer, by method, route and class of status',
      labels,
      bounds: durationBounds.map((milliseconds) => milliseconds / 1000),
      read: () => answered().map(({ milliseconds, ...counted }) => ({ ...counted, sum: milliseconds / 1000 })),
    },
    counterBy(
      'manas360_streams_total',
      'Streamed answers by outcome: ended (complete), failed, stalled (the client read nothing) or left (the client went away)',
      'outcome',
      () => traffic.streams(),
    ),
    counterBy('manas360_problems_total', 'Problem documents answered, by problem code', 'code', () =>
      problemCodes.map((code) => [code, traffic.problems().get(code) ?? 0]),
    ),
  ]
}
