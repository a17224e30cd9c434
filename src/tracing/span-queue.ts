import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace'
import type { TraceFigures } from './tracer.ts'

/** Spans that wait or are under way, at the most: some megabytes. Further ones are dropped and counted. */
const queueLimit = 2_048

/**
 * The bounded queue of ended spans, and what became of them.
 * @param onFailure why spans do not arrive, null: they do again; called when that changes
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
        // The exporter ends by itself, and before that.
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
    /** Tells what became of a batch. */
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
