import type { ErrorHandler, Handler, Hono } from 'hono'
import type { RouterRoute } from 'hono/types'
import { compose, type Fused, type Matched } from './compose.ts'
import { type ConstantJson, constantJson } from './constant-json.ts'
import { partHeaders, partsOf, routeAmong } from './middleware.ts'

type Fusable = Pick<Hono, 'router' | 'routes'>
/** Hono's error handler, a private member without an accessor. */
type WithErrorHandler = { errorHandler: ErrorHandler }

/**
 * Makes a Hono app fast without changing its behaviour. Call it after the last route.
 *
 * Hono composes the matched handlers for every request, with a closure and a promise for each. The router returns the
 * same list for every request of a pattern, so here each list is composed once, into one handler. In it, middleware made
 * by `middleware` needs no promise; other middleware runs as in Hono. An app whose router makes a new list for each
 * request (TrieRouter) is not changed: slower, never wrong.
 *
 * Two differences: a thrown value that is no Error reaches `onError` as the cause of one, and a handler that returns
 * something other than a Response or nothing is an error.
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
      // The request keeps the whole list, for its parameters and for hono/route.
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
      // Hono builds the context with this array, and calls the handler synchronously.
      latest = [fused, found[1]]
      return latest as typeof found
    },
  }
  return app
}

/** Whether the router returns the identical list for requests of one pattern. */
function keepsItsLists({ router, routes }: Fusable): boolean {
  const list = ({ method, path }: RouterRoute) => router.match(method, path)[0]
  return routes.some((route) => {
    const [once, again] = [list(route), list(route)]
    return once === again
  })
}

/** Calls the error handler, as Hono does: its answer replaces any earlier one. */
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
