import type { Handler, Hono } from 'hono'

/** Replaces the handlers of each route at once, for guards that many routes need at a certain place. */
export function rewriteHandlers<T extends Pick<Hono, 'routes'>>(
  app: T,
  rewrite: (route: string, handlers: readonly Handler[]) => readonly Handler[],
): T {
  const routes = Map.groupBy(app.routes, ({ method, path }) => `${method} ${path}`)
  app.routes = [...routes.values()].flatMap(([route, ...more]) => {
    const handlers = [route, ...more].flatMap((one) => one?.handler ?? [])
    return route ? rewrite(route.path, handlers).map((handler) => ({ ...route, handler })) : []
  })
  return app
}
