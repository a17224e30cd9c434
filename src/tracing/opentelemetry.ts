import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { version } from '../config/version.ts'
import { createExporter } from './exporter.ts'
import { samplerOf } from './sampler.ts'
import { createSpanQueue } from './span-queue.ts'
import { describeAnswer, describeFailure } from './span-semantics.ts'
import { type Attributes, noopSpan, type Span, type SpanOptions, type Tracer } from './tracer.ts'
import type { TraceOptions } from './variables.ts'

/** The active span. `over`: it has ended; work that continues from it, such as a timer's, belongs to no trace. */
type Active = { span: SdkSpan; context: Context; over: boolean }

/**
 * Only `traceparent` of W3C Trace Context: `tracestate` is any text of a stranger, which would be stored and sent on.
 */
const headersOf: TextMapGetter<Headers> = {
  keys: () => ['traceparent'],
  get: (headers, name) => (name === 'traceparent' ? (headers.get(name) ?? undefined) : undefined),
}

/**
 * Traces by OpenTelemetry's SDK. Nothing global of it is set, and there is no automatic instrumentation. This file is
 * loaded only where a collector is configured.
 * @param onFailure called when export begins to fail, with the reason, and with null when it works again
 */
export function createTracer(options: TraceOptions, onFailure: (failure: Error | null) => void): Tracer {
  const serializer = options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer
  const queue = createSpanQueue(onFailure)
  const { exporter, settled, abort } = createExporter({ ...options, serializer, onBatch: queue.settle })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ ...options.resource, 'service.version': version.version }),
    sampler: samplerOf(options),
    spanProcessors: [queue.processor(exporter, options.timeoutMs)],
    spanLimits: { attributeValueLengthLimit: 2_000, attributeCountLimit: 32 },
  })
  const sdk = provider.getTracer('manas360', version.version)
  const propagator = new W3CTraceContextPropagator()
  const running = new AsyncLocalStorage<Active>()

  function current(): Active | undefined {
    const active = running.getStore()
    return active?.over ? undefined : active
  }

  function begin(name: string, parent: Context, kind: SpanKind, attributes: Attributes = {}): Active {
    const span = sdk.startSpan(name, { kind, attributes }, parent)
    return { span, context: trace.setSpan(parent, span), over: false }
  }

  function end(active: Active): void {
    active.over = true
    active.span.end()
  }

  async function within<T>(active: Active, work: (span: Span) => Promise<T>): Promise<T> {
    try {
      return await running.run(active, work, { set: (attributes) => void active.span.setAttributes(attributes) })
    } catch (error) {
      describeFailure(active.span, error)
      throw error
    } finally {
      end(active)
    }
  }

  return {
    inSpan<T>(name: string, { kind, attributes }: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
      const parent = current()
      if (!parent?.span.isRecording()) return work(noopSpan)
      const sdkKind = kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL
      return within(begin(name, parent.context, sdkKind, attributes), work)
    },
    inTrace: (name, attributes, work) => within(begin(name, ROOT_CONTEXT, SpanKind.INTERNAL, attributes), work),
    serve<T>(request: Request, work: () => T): T {
      const parent = propagator.extract(ROOT_CONTEXT, request.headers, headersOf)
      const active = begin('request', parent, SpanKind.SERVER)
      const answer = running.run(active, work)
      if (answer instanceof Promise)
        void answer.then(
          () => end(active),
          () => end(active),
        )
      else end(active)
      return answer
    },
    describeRequest(answered) {
      const span = current()?.span
      if (span?.isRecording()) describeAnswer(span, answered)
    },
    record(name, startedAt) {
      const parent = current()
      if (!parent?.span.isRecording()) return
      sdk.startSpan(name, { startTime: performance.timeOrigin + startedAt }, parent.context).end()
    },
    headers(): Record<string, string> {
      const context = current()?.span.spanContext()
      if (!context) return {}
      return { traceparent: `00-${context.traceId}-${context.spanId}-0${context.traceFlags & 1}` }
    },
    logMembers() {
      const context = current()?.span.spanContext()
      return context ? `"trace_id":"${context.traceId}","span_id":"${context.spanId}",` : ''
    },
    figures: queue.figures,
    async close(milliseconds) {
      const timer = setTimeout(abort, milliseconds)
      // It fails with the first failed batch while others are in progress.
      await provider.shutdown().catch(() => {})
      await settled()
      clearTimeout(timer)
      abort()
    },
  }
}
