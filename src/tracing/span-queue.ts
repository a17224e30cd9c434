import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'
import type { TraceFigures } from './tracer.ts'

/** The most spans that wait or are being sent: some megabytes. Further ones are dropped and counted. */
const queueLimit = 2_048

/**
 * The bounded queue of ended spans, with counts of their outcomes.
 * @param onFailure called when export begins to fail, with the reason, and with null when it works again
 */
export function createSpanQueue(onFailure: (failure: Error | null) => void) {
  const counts = { accepted: 0, exported: 0, failed: 0, dropped: 0 }
  let isFailing = false
  const waiting = () => counts.accepted - counts.exported - counts.failed

  return {
    processor(exporter: SpanExporter, timeoutMs: number): SpanProcessor {
      const batches = new BatchSpanProcessor({
        exporter,
        maxQueueSize: queueLimit,
        // Longer than the exporter's own timeout.
        exportTimeoutMillis: timeoutMs + 1_000,
      })
      return {
        onStart() {},
        onEnd(span: ReadableSpan) {
          if (waiting() >= queueLimit) counts.dropped++
          else {
            counts.accepted++
            batches.onEnd(span)
          }
        },
        forceFlush: () => batches.forceFlush(),
        shutdown: () => batches.shutdown(),
      }
    },
    /** Counts the outcome of a batch. */
    settle(spans: number, failure: Error | null): void {
      counts[failure ? 'failed' : 'exported'] += spans
      const isNews = isFailing !== (failure !== null)
      isFailing = failure !== null
      if (isNews) onFailure(failure)
    },
    figures(): TraceFigures {
      const { exported, failed, dropped } = counts
      return { exported, failed, dropped, waiting: waiting() }
    },
  }
}
