import { type ProblemCode, problems } from '../errors/app-error.ts'
import { counterBy, type Metric } from '../metrics/metric.ts'
import { durationBounds, type Traffic } from './traffic.ts'

const problemCodes = Object.keys(problems) as ProblemCode[]

export function trafficMetrics(traffic: Pick<Traffic, 'requests' | 'streams' | 'problems'>): Metric[] {
  const labels = ['method', 'route', 'status']
  const all = () =>
    traffic.requests().map(({ method, route, statusClass, ...counted }) => ({
      labels: { method, route, status: statusClass },
      ...counted,
    }))
  const answered = () => all().filter(({ count }) => count > 0)
  // From 0 on: the first failure of a route is no increase of a counter that began with it.
  const counted = () => all().filter(({ count, labels: { status } }) => count > 0 || status === '5xx')
  return [
    {
      kind: 'counter',
      name: 'manas360_http_requests_total',
      help: 'Answers by route and class of status',
      labels,
      read: () => counted().map(({ labels, count }) => [labels, count]),
    },
    {
      kind: 'histogram',
      name: 'http_request_duration_seconds',
      help: 'How long answers took, by route and class of status',
      labels,
      bounds: durationBounds.map((milliseconds) => milliseconds / 1000),
      read: () => answered().map(({ milliseconds, ...counted }) => ({ ...counted, sum: milliseconds / 1000 })),
    },
    counterBy(
      'manas360_streams_total',
      'Answers that were made while they were read, by how they ended',
      'outcome',
      () => traffic.streams(),
    ),
    counterBy('manas360_problems_total', 'Refusals and errors by code', 'code', () =>
      problemCodes.map((code) => [code, traffic.problems().get(code) ?? 0]),
    ),
  ]
}
