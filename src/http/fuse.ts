import type { ErrorHandler, Handler, Hono } from 'hono'
import type { Router } from 'hono/router'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'
import type { RouterRoute } from 'hono/types'
import { compose, type Fused, type Matched } from './compose.ts'
import { type ConstantJson, constantJson } from './constant-json.ts'
import { partHeaders, partsOf, routeAmong } from './middleware.ts'

type Fusable = Pick<Hono, 'router' | 'routes'>
type Registered = [Handler, RouterRoute]
/** What Hono takes as a match: one handler, whose parameters it looks up in the whole list. */
type Single = [[Registered, Record<string, never>]]
/** Hono's error handler, a private member without an accessor. */
type WithErrorHandler = { errorHandler: ErrorHandler }

/**
 * Makes a Hono app fast without changing its behaviour. Call it after the last route.
 *
 * Hono composes the matched handlers for every request, with a closure and a promise for each. The router returns the
 * same list for every request of a pattern, so here each list is composed once, into one handler. In it, middleware made
 * by `middleware` needs no promise; other middleware runs as in Hono. An app with another router than Hono's own, or
 * whose routes need the one that makes a new list for each request (TrieRouter), is not changed: slower, never wrong.
 *
 * Two differences: a thrown value that is no Error reaches `onError` as the cause of one, and a handler that returns
 * something other than a Response or nothing is an error.
 */
export function fuse<T extends Fusable>(app: T): T {
  if (!(app.router instanceof SmartRouter)) return app
  const router = groupedRouter(app.routes)
  if (!keepsItsLists(router, app.routes)) return app
  const byList = new WeakMap<object, Single>()
  let latest: unknown[] = []

  function single(groups: [Registered[], unknown][]): Single {
    // As Hono's router would list them: the request looks up its parameters and hono/route in it.
    const list = groups.flatMap(([group, params]) => group.map((one) => [one, params] as const))
    const routes = list.map(([[, route]]) => route)
    const handlers = list.map(([[handler]], index) => ({ handler, parts: partsOf(handler), index }))
    const route = routeAmong(routes)
    const json = jsonOf(handlers)
    const run = compose({ route: route?.path ?? '', handlers, onError: onErrorOf(app, json), json })
    const fused: Handler = (c) => {
      latest[0] = list
      return run(c)
    }
    return [[[fused, route ?? (routes.at(-1) as RouterRoute)], {}]]
  }

  app.router = {
    name: `fused ${router.name}`,
    add: () => {
      throw new Error('no route can be added to a fused app')
    },
    match(method, path) {
      const found = router.match(method, path)
      const list = found[0]
      if (list.length === 0) return found as never
      let fused = byList.get(list)
      if (!fused) {
        fused = single(list as never)
        byList.set(list, fused)
      }
      // Hono builds the context with this array, and calls the handler synchronously.
      latest = [fused, found[1]]
      return latest as never
    },
  }
  return app
}

/** Hono's own router, with what was registered in a row for one method and path as one entry: the time to build it grows with entries. */
function groupedRouter(routes: RouterRoute[]): Router<Registered[]> {
  const router = new SmartRouter<Registered[]>({ routers: [new RegExpRouter(), new TrieRouter()] })
  let last: { method: string; path: string; group: Registered[] } | undefined
  for (const route of routes) {
    const { method, path, handler } = route
    if (last?.method !== method || last.path !== path) {
      last = { method, path, group: [] }
      router.add(method, path, last.group)
    }
    last.group.push([handler as Handler, route])
  }
  return router
}

/** Whether the router returns the identical list for requests of one pattern. */
function keepsItsLists(router: Router<unknown>, routes: RouterRoute[]): boolean {
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
    json?.stopCopying(c)
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
