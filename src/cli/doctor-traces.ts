import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

const answerWithinMs = 5_000

/** Checks whether the collector of traces accepts a batch, by sending an empty one. Null where none is configured. */
export async function examineTraces({ tracing }: Pick<Config, 'tracing'>): Promise<Finding | null> {
  if (!tracing) return null
  const { endpoint, headers, sampler, ratio } = tracing
  const { host, protocol, hostname } = new URL(endpoint)
  const share = sampler.endsWith('traceidratio') ? `${sampler} ${ratio}` : sampler
  const failure = await failureOf(endpoint, headers)
  const isOpen = protocol === 'http:' && Object.keys(headers).length > 0 && !isNear(hostname)
  return {
    name: 'traces',
    state: failure ? 'wrong' : isOpen ? 'warning' : 'good',
    detail: failure
      ? `${host}: ${failure}`
      : `${host} takes them, ${share}${isOpen ? '; OTEL_EXPORTER_OTLP_HEADERS go there unencrypted' : ''}`,
    advice: failure
      ? 'check OTEL_EXPORTER_OTLP_ENDPOINT (the collector’s port for OTLP over HTTP, 4318 as a rule) and OTEL_EXPORTER_OTLP_HEADERS; requests are served without'
      : 'use https:// for a collector outside of your network',
  }
}

/** On this host, or a name without a domain, such as another container's. */
const isNear = (hostname: string) => !hostname.includes('.') || hostname.startsWith('127.')

async function failureOf(endpoint: string, headers: Record<string, string>): Promise<string | null> {
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: '{"resourceSpans":[]}',
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
    })
    await answer.body?.cancel()
    return answer.ok ? null : `answered ${answer.status}`
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return `does not answer${code && ` (${code})`}`
  }
}
