import type { Hono } from 'hono'
import type { Bindings, PublicEnv } from '../request.ts'

type Answer = Response | Promise<Response>
type SentPaths = {
  routes: Record<string, (request: Bun.BunRequest) => Answer>
  fetch: (request: Request) => Answer
}

/**
 * Handlers for Bun.serve that detect whether the path was sent as `request.url` shows it. There, Bun turns backslashes
 * into slashes and resolves `.` and `..` segments, so that `/v1\me` and `/v1/plans/../me` look like `/v1/me`. Bun's
 * router matches the path as sent: with the same patterns it must find the same route and parameters.
 */
export function asSent(app: Hono<PublicEnv>, bindings: Bindings): SentPaths {
  // Both inherit from `bindings`, because the server is set only once it listens.
  const another: Bindings = Object.create(bindings, { spelling: { value: 'another' } })
  const unknown: Bindings = Object.create(bindings, { spelling: { value: 'unknown' } })
  const patterns = new Set(app.routes.map(({ path }) => path).filter(isPlain))
  const routes = [...patterns].map((pattern) => {
    const pathOf = filledIn(pattern)
    const handler = (request: Bun.BunRequest) =>
      app.fetch(request, shows(request.url, pathOf(request.params)) ? bindings : another)
    return [pattern, handler] as const
  })
  return { routes: Object.fromEntries(routes), fetch: (request) => app.fetch(request, unknown) }
}

/** Whether Bun's router reads a pattern as Hono's does: constant segments, and segments that are one parameter. */
export function isPlain(pattern: string): boolean {
  return /^(?:\/|(?:\/(?:[\w.~-]+|:\w+))+)$/.test(pattern)
}

/** Fills decoded parameters into a pattern. */
function filledIn(pattern: string): (params: Record<string, string>) => string {
  const [first = '', ...rest] = pattern.split(/:(\w+)/)
  if (rest.length === 0) return () => pattern
  return (params) => {
    let path = first
    for (let i = 0; i < rest.length; i += 2) path += (params[rest[i] ?? ''] ?? '') + (rest[i + 1] ?? '')
    return path
  }
}

/** Whether the decoded path of an absolute URL is this one. */
function shows(url: string, path: string): boolean {
  const start = url.indexOf('/', 8)
  if (url.startsWith(path, start)) {
    const end = start + path.length
    if (end === url.length || url[end] === '?' || url[end] === '#') return true
  }
  const [encoded = ''] = url.slice(start).split(/[?#]/, 1)
  if (!encoded.includes('%')) return false
  try {
    return decodeURIComponent(encoded) === path
  } catch {
    // A broken escape: the router and the parameter's schema answer 404.
    return true
  }
}
