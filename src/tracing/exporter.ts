import type { ExportResult } from '@opentelemetry/core'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

type Options = {
  endpoint: string
  protocol: 'http/protobuf' | 'http/json'
  headers: Record<string, string>
  /** The timeout of a batch, repetitions included. */
  timeoutMs: number
  serializer: ISerializer<ReadableSpan[], unknown>
  /** Called for every batch with the number of spans and the failure, if any. */
  onBatch: (spans: number, failure: Error | null) => void
}

/** The statuses that OTLP allows to be repeated ("Retryable Response Codes"). */
const repeatable = new Set([429, 502, 503, 504])
const firstPauseMs = 500

/**
 * Sends batches of spans by OTLP/HTTP. The library's own exporter keeps timers and sockets after its shutdown, and so
 * keeps the process alive: here `abort` ends everything at once.
 */
export function createExporter({ endpoint, protocol, headers, timeoutMs, serializer, onBatch }: Options) {
  const closing = new AbortController()
  const underWay = new Set<Promise<void>>()
  const init = {
    method: 'POST',
    redirect: 'error' as const,
    headers: {
      ...headers,
      'Content-Type': protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    },
  }

  /** @throws Error when the collector has not accepted them in time */
  async function send(spans: ReadableSpan[]): Promise<void> {
    const body = Buffer.from(serializer.serializeRequest(spans) ?? [])
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)])
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      const status = await post(body, signal)
      if (typeof status === 'number' && status < 300) return
      if (typeof status === 'number' && !repeatable.has(status)) throw new Error(`the collector answered ${status}`)
      const failure = status instanceof Error ? status : new Error(`the collector answered ${status}`)
      if (signal.aborted || !(await pause(pauseMs, signal))) throw failure
    }
  }

  async function post(body: Buffer, signal: AbortSignal): Promise<number | Error> {
    try {
      const answer = await fetch(endpoint, { ...init, body, signal })
      await answer.body?.cancel()
      return answer.status
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  const exporter: SpanExporter = {
    export(spans, done: (result: ExportResult) => void) {
      const settle = (failure: Error | null) => {
        onBatch(spans.length, failure)
        done(failure ? { code: 1, error: failure } : { code: 0 })
      }
      const sent = send(spans)
        .then(
          () => settle(null),
          (error) => settle(error instanceof Error ? error : new Error(String(error))),
        )
        .finally(() => underWay.delete(sent))
      underWay.add(sent)
    },
    async shutdown() {},
  }
  return {
    exporter,
    /** Resolves once no request is in progress. */
    settled: async (): Promise<void> => void (await Promise.all(underWay)),
    /** Aborts requests in progress. */
    abort: () => closing.abort(),
  }
}

/** @returns false when the time ended before the pause */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const end = () => resolve(false)
  const timer = setTimeout(() => resolve(true), milliseconds)
  signal.addEventListener('abort', end, { once: true })
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  })
}
