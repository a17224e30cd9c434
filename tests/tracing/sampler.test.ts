import { expect, test } from 'bun:test'
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import { samplerOf } from '../../src/tracing/sampler.ts'
import type { SamplerName } from '../../src/tracing/variables.ts'

const low = '00000000000000000000000000000001'
const high = 'f0000000000000000000000000000000'
const parent = (traceFlags: number) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: low, spanId: '00f067aa0ba902b7', traceFlags, isRemote: true })

/** Whether a trace is recorded: without a parent, by its id; with one that records, and with one that does not. */
function decisions(sampler: SamplerName, ratio: number) {
  const asked = samplerOf({ sampler, ratio })
  return [
    [ROOT_CONTEXT, low],
    [ROOT_CONTEXT, high],
    [parent(1), high],
    [parent(0), low],
  ].map(([context, id]) => {
    const { decision } = asked.shouldSample(context as typeof ROOT_CONTEXT, String(id), 'x', SpanKind.SERVER, {}, [])
    return decision === SamplingDecision.RECORD_AND_SAMPLED
  })
}

test.each<[SamplerName, number, boolean[]]>([
  ['always_on', 0, [true, true, true, true]],
  ['always_off', 1, [false, false, false, false]],
  ['traceidratio', 0.5, [true, false, false, true]],
  ['parentbased_always_on', 0, [true, true, true, false]],
  ['parentbased_always_off', 1, [false, false, true, false]],
  ['parentbased_traceidratio', 0.5, [true, false, true, false]],
])('%s with %p records as the standard says', (sampler, ratio, expected) => {
  expect(decisions(sampler, ratio)).toEqual(expected)
})
