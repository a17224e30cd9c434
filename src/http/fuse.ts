import type { ErrorHandler, Handler, Hono } from 'hono'
import type { RouterRoute } from 'hono/types'
import { compose, type Fused, type Matched } from './compose.ts'
import { type ConstantJson, constantJson } from './constant-json.ts'
import { partHeaders, partsOf, routeAmong } from './middleware.ts'

type Fusable = Pick<Hono, 'router' | 'routes'>
/** What `onError` was given last. Hono declares it private, and has no other way to it. */
type WithErrorHandler = { errorHandler: ErrorHandler }

/**
 * Makes a Hono app fast, changing nothing of what it does. Call it after the last route.
 *
 * Hono composes the handlers that a request meets anew for every request, with a closure and a promise for each. Here they
 * are composed once: the router keeps one list per pattern, and each list becomes a single handler, in which a run of what
 * `middleware` made needs no promise. Other middleware runs inside as Hono would run it. An app whose router makes its
 * lists anew for each request (TrieRouter) is left as it is: slower, never wrong.
 *
 * What differs: a thrown value that is no Error reaches `onError` as the cause of one, and a handler's answer that is
 * neither a Response nor nothing is an error.
 */
export function fuse<T extends Fusable>(app: T): T {
  const { router } = app
  if (!keepsItsLists(app)) return app
  const byList = new WeakMap<object, [[[Handler, RouterRoute], Record<string, never>]]>()
  let latest: unknown[] = []

  function single(list: [[Handler, RouterRoute], unknown][]): [[[Handler, RouterRoute], Record<string, never>]] {
    const routes = list.map(([[, route]]) => route)
    const handlers = list.map(([[handler]], index) => ({ handler, parts: partsOf(handler), index }))
    const route = routeAmong(routes)
    const json = jsonOf(handlers)
    const run = compose({ route: route?.path ?? '', handlers, onError: onErrorOf(app, json), json })
    const fused: Handler = (c) => {
      // The request goes by the whole list: its parameters, and the helpers of hono/route.
      latest[0] = list
      return run(c)
    }
    return [[[fused, route ?? (routes.at(-1) as RouterRoute)], {}]]
  }

  app.router = {
    name: `fused ${router.name}`,
    add: (...route) => router.add(...route),
    match(method, path) {
      const found = router.match(method, path)
      const list = found[0]
      if (list.length < 2) return found
      let fused = byList.get(list)
      if (!fused) {
        fused = single(list as never)
        byList.set(list, fused)
      }
      // Hono builds the context around this array and calls the handler at once.
      latest = [fused, found[1]]
      return latest as typeof found
    },
  }
  return app
}

/** Whether the router answers alike requests with the very same list. */
function keepsItsLists({ router, routes }: Fusable): boolean {
  const list = ({ method, path }: RouterRoute) => router.match(method, path)[0]
  return routes.some((route) => {
    const [once, again] = [list(route), list(route)]
    return once === again
  })
}

/** Renders what was thrown, as Hono does: the answer replaces whatever was there. */
function onErrorOf(app: Fusable, json: ConstantJson | undefined): Fused['onError'] {
  return (c, thrown) => {
    const error = thrown instanceof Error ? thrown : new Error('a value that is no Error was thrown', { cause: thrown })
    c.error = error
    json?.leave(c)
    const answer = (app as unknown as WithErrorHandler).errorHandler(error, c)
    if (!(answer instanceof Promise)) c.res = answer
    else
      return answer.then((response) => {
        c.res = response
      })
  }
}

function jsonOf(handlers: readonly Matched[]): ConstantJson | undefined {
  if (handlers.findIndex(({ parts }) => !parts) !== handlers.length - 1) return undefined
  return constantJson(handlers.flatMap(({ parts }) => (parts && partHeaders(parts)) ?? []))
}
