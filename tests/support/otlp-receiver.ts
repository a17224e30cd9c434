import { afterAll } from 'bun:test'

type AnyValue = { stringValue?: string; intValue?: number; boolValue?: boolean }
type Attribute = { key: string; value: AnyValue }
type SentSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  attributes: Attribute[]
  status: { code?: number }
  startTimeUnixNano: string
  endTimeUnixNano: string
}
type Sent = {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: SentSpan[] }[] }[]
}

export type ReceivedSpan = Omit<SentSpan, 'attributes'> & {
  attributes: Record<string, string | number | boolean | undefined>
}

/** A collector of OTLP/HTTP on loopback. `answer` is called for each batch; by default it is accepted. */
export function openOtlpReceiver(answer: () => Response | Promise<Response> = () => Response.json({})) {
  const batches: { headers: Headers; path: string; body: Uint8Array }[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = await request.bytes()
      batches.push({ headers: request.headers, path: new URL(request.url).pathname, body })
      return answer()
    },
  })
  afterAll(() => server.stop(true))
  const parsed = () => batches.map(({ body }): Sent => JSON.parse(new TextDecoder().decode(body)))
  return {
    url: `http://127.0.0.1:${server.port}`,
    batches,
    /** The spans of batches in JSON. */
    spans: (): ReceivedSpan[] =>
      parsed()
        .flatMap(({ resourceSpans }) =>
          resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
        )
        .map((span) => ({ ...span, attributes: toRecord(span.attributes) })),
    resource: () => toRecord(parsed()[0]?.resourceSpans[0]?.resource.attributes ?? []),
  }
}

function toRecord(attributes: Attribute[]): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.boolValue]),
  )
}
