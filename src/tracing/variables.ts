import { z } from 'zod'
import { integer, refuseWhatThrows, url } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type SamplerName = (typeof samplers)[number]

/** `name=value,name=value` with percent-encoded values, as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS are written. */
const pairs = (isName: RegExp, isValue: RegExp) =>
  z
    .string()
    .superRefine((text, context) => refuseWhatThrows(() => parsePairs(text, isName, isValue), context))
    .transform((text) => parsePairs(text, isName, isValue))

function parsePairs(text: string, isName: RegExp, isValue: RegExp): Record<string, string> {
  const entries = text.split(',').filter((pair) => pair.trim() !== '')
  return Object.fromEntries(
    entries.map((pair) => {
      const at = pair.indexOf('=')
      const name = pair.slice(0, Math.max(0, at)).trim()
      const value = decoded(pair.slice(at + 1).trim())
      if (!isName.test(name) || value === null || !isValue.test(value))
        throw new Error('must be such as name=value,other=value, with % and commas in values percent-encoded')
      return [name, value]
    }),
  )
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const variables = {
  OTEL_SDK_DISABLED: z.enum(['true', 'false']).default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:').optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url('http:', 'https:').optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(['http/protobuf', 'http/json']).default('http/protobuf'),
  OTEL_EXPORTER_OTLP_HEADERS: pairs(/^[\w!#$%&'*+.^`|~-]{1,100}$/, /^[\x20-\x7e]{0,4000}$/).optional(),
  OTEL_EXPORTER_OTLP_TIMEOUT: integer(100, 60_000, 10_000),
  OTEL_SERVICE_NAME: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be a name without spaces such as manas360')
    .optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs(/^[\x21-\x7e]{1,255}$/, /^.{0,255}$/).optional(),
  OTEL_TRACES_SAMPLER: z.enum(samplers).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/, 'must be a ratio from 0 to 1 such as 0.1')
    .default('1')
    .transform(Number),
}

type E = Values<typeof variables>

export type TracingConfig = ConfigOf<typeof tracingConfiguration>
export type TraceOptions = NonNullable<TracingConfig['tracing']>

/** The variables are OpenTelemetry's own: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const tracingConfiguration = configuration({
  variables,
  /** `tracing` is null unless a collector is configured. */
  config: (e: E) => ({ tracing: traceOptions(e) }),
})

function traceOptions(e: E) {
  const endpoint = e.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? signalUrl(e.OTEL_EXPORTER_OTLP_ENDPOINT)
  if (endpoint === undefined || e.OTEL_SDK_DISABLED === 'true') return null
  const attributes = e.OTEL_RESOURCE_ATTRIBUTES ?? {}
  return {
    endpoint,
    protocol: e.OTEL_EXPORTER_OTLP_PROTOCOL,
    headers: e.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    timeoutMs: e.OTEL_EXPORTER_OTLP_TIMEOUT,
    sampler: e.OTEL_TRACES_SAMPLER,
    ratio: e.OTEL_TRACES_SAMPLER_ARG,
    resource: { ...attributes, 'service.name': e.OTEL_SERVICE_NAME ?? attributes['service.name'] ?? 'manas360' },
  }
}

/** The path of traces below the base of all signals (OTLP specification, "OTLP/HTTP Request"). */
function signalUrl(base: string | undefined): string | undefined {
  return base === undefined ? undefined : new URL('v1/traces', base.endsWith('/') ? base : `${base}/`).href
}
