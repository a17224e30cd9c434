import { counterBy, gauge, type Metric } from '../metrics/metric.ts'
import type { Tracer } from './tracer.ts'

/** The number of exported, failed, dropped and waiting spans. */
export function traceMetrics({ figures }: Pick<Tracer, 'figures'>): Metric[] {
  return [
    counterBy(
      'manas360_trace_spans_total',
      'Trace spans by outcome: exported, failed (the collector did not take them) or dropped (the queue was full)',
      'outcome',
      () => {
        const { exported, failed, dropped } = figures()
        return Object.entries({ exported, failed, dropped })
      },
    ),
    gauge('manas360_trace_spans_waiting', 'Trace spans that wait to be sent to the collector', () => figures().waiting),
  ]
}
