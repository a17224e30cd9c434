import type { Hono } from 'hono'
import { middleware } from '../http/middleware.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import { contextOf, type PublicEnv } from '../http/request.ts'
import type { Tracer } from '../tracing/tracer.ts'
import { toOpenApiPath } from './traffic.ts'

/** Runs every request of an app, except probes, in a span. The span is around the whole fused chain. */
export function traceRequests(app: Hono<PublicEnv>, tracer: Tracer): void {
  const { fetch } = app
  app.fetch = (request, env, context) =>
    probeRoutes.has(pathOf(request.url))
      ? fetch(request, env, context)
      : tracer.serve(request, () => fetch(request, env, context))
}

/** Sets the attributes of the request's span; outside of `countTraffic`, which sets the status. */
export function describeSpan(tracer: Tracer) {
  return middleware<PublicEnv>({
    name: 'describeSpan',
    after(c) {
      const { method, route, status, id, problem, clientClosed } = contextOf(c)
      tracer.describeRequest({
        method,
        route: route && toOpenApiPath(route),
        status,
        requestId: id,
        code: clientClosed ? null : problem,
      })
    },
  })
}

/** The path of an absolute URL. */
function pathOf(url: string): string {
  const start = url.indexOf('/', 8)
  const end = url.slice(start).search(/[?#]/)
  return end === -1 ? url.slice(start) : url.slice(start, start + end)
}
