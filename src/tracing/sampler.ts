import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import type { SamplerName, TraceOptions } from './variables.ts'

/** The sampler of OTEL_TRACES_SAMPLER. */
export function samplerOf({ sampler, ratio }: Pick<TraceOptions, 'sampler' | 'ratio'>): Sampler {
  const [, isParentBased, name] = /^(parentbased_)?(.*)$/.exec(sampler) ?? []
  const root = rootSampler(name as RootName, ratio)
  return isParentBased ? new ParentBasedSampler({ root }) : root
}

type RootName = Exclude<SamplerName, `parentbased_${string}`>

function rootSampler(name: RootName, ratio: number): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler()
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio)
    default: {
      const missing: never = name
      throw new Error(`no sampler of ${missing}`)
    }
  }
}
