import { counterBy, gauge, type Metric } from '../metrics/metric.ts'
import type { Tracer } from './tracer.ts'

export function traceMetrics({ figures }: Pick<Tracer, 'figures'>): Metric[] {
  return [
    counterBy('manas360_trace_spans_total', 'Spans by what became of them', 'outcome', () => {
      const { exported, failed, dropped } = figures()
      return Object.entries({ exported, failed, dropped })
    }),
    gauge('manas360_trace_spans_waiting', 'Spans that wait to be sent to the collector', () => figures().waiting),
  ]
}
