import { currentTracer, inSpan } from './tracer.ts'

/**
 * Runs `send`, a request to another system, in a span, and passes it the headers with the current trace (W3C Trace
 * Context). The span has the host and the status, but no path, which may hold ids.
 */
export function inFetchSpan(
  url: string | URL,
  { method = 'GET', headers }: { method?: string; headers?: Bun.HeadersInit },
  send: (headers: Bun.HeadersInit | undefined) => Promise<Response>,
): Promise<Response> {
  if (!currentTracer()) return send(headers)
  const { hostname } = new URL(url)
  const attributes = { 'http.request.method': method, 'server.address': hostname }
  return inSpan(`${method} ${hostname}`, { kind: 'client', attributes }, async (span) => {
    const answer = await send(withTrace(headers))
    span.set({ 'http.response.status_code': answer.status })
    return answer
  })
}

function withTrace(headers: Bun.HeadersInit | undefined): Headers {
  const all = new Headers(headers)
  for (const [name, value] of Object.entries(currentTracer()?.headers() ?? {})) all.set(name, value)
  return all
}
