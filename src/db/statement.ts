import type postgres from 'postgres'

/**
 * What this layer uses of the driver's pending query. It is internal to postgres 3.4.9, which is pinned; the tests of
 * deadlines and counts fail if it changes.
 */
export type Query = Promise<unknown> & {
  strings: readonly string[] & { raw?: readonly string[] }
  args: unknown[]
  handler: Handler
  options: object
  /** The text with placeholders, once it was sent. */
  string?: string
  /** It was sent, and has no answer yet. */
  active?: boolean
  isRaw?: unknown
  cursorFn?: unknown
  forEachFn?: unknown
  streaming?: boolean
  onlyDescribe?: boolean
  handle: () => void
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
  canceller: (query: Query) => Promise<void>
}

/** Where the driver sends a query: a pool, or the connection of a transaction. */
type Handler = (query: Query) => void

/**
 * A handle that looks like `handle` and hands each statement, once awaited, to `run` instead of sending it. Fragments
 * are never awaited, so they stay what they are. `extras` are further or replaced members.
 */
export function interceptStatements<T extends postgres.ISql, E extends object>(
  handle: T,
  run: (query: Query) => Promise<unknown>,
  extras: E,
): postgres.ISql & E {
  const intercepted: postgres.ISql & E = new Proxy(handle, {
    apply(target, self, args) {
      const made = Reflect.apply(asFunction(target), self, args)
      return isTemplate(args[0]) ? intercept(made, run) : made
    },
    get(target, name) {
      if (name in extras) return Reflect.get(extras, name)
      if (name === 'unsafe') return (...args: unknown[]) => intercept(Reflect.apply(target.unsafe, target, args), run)
      // The driver's own would leave the transaction, and read files past every guard.
      if (name === 'notify')
        return (channel: string, payload: string) => intercepted`select pg_notify(${channel}, ${payload})`
      if (name === 'file') return undefined
      return Reflect.get(target, name)
    },
  }) as unknown as postgres.ISql & E // A proxy has its target's type; `extras` are seen to by `get`.
  return intercepted
}

function intercept(made: unknown, run: (query: Query) => Promise<unknown>): unknown {
  const query = internals(made)
  let started = false
  query.handle = () => {
    if (started) return
    started = true
    if (query.cursorFn || query.forEachFn || query.streaming || query.onlyDescribe)
      return query.reject(new Error('streams and cursors know no deadline here: read page by page'))
    run(query).then(query.resolve, query.reject)
  }
  return made
}

/**
 * The same statement as a new query, to be sent by `handler`; a query can be sent only once.
 * @throws Error with code UNDEFINED_VALUE: the driver would find out too late, and blame the statement sent before it
 */
export function repeatQuery(query: Query, handler: Handler): Query {
  if (query.args.includes(undefined))
    throw Object.assign(new Error('a parameter is undefined'), { code: 'UNDEFINED_VALUE' })
  const copy: Query = Reflect.construct(query.constructor, [query.strings, query.args, handler, null, query.options])
  copy.isRaw = query.isRaw
  return copy
}

/** Reading changes nothing, so it may be done twice. A CTE may write and doesn't count. */
export function isRead(query: Query): boolean {
  return /^\s*select\b/i.test(query.strings[0] ?? '')
}

export function handlerOf(client: postgres.Sql): Handler {
  return internals(client``).handler
}

/**
 * How the driver asks the server, over a connection made for it, to cancel what the connection of a query is busy with:
 * only for one that nobody shares.
 */
export function cancelOf(client: postgres.Sql): (query: Query) => Promise<void> {
  return internals(client``).canceller
}

function isTemplate(first: unknown): boolean {
  return Array.isArray(first) && 'raw' in first
}

/** The driver's types hide what its queries have. */
function internals(query: unknown): Query {
  return query as Query
}

/** A handle is a function with overloads, which Reflect.apply cannot name. */
function asFunction(handle: postgres.ISql): (...args: unknown[]) => unknown {
  return handle as unknown as (...args: unknown[]) => unknown
}
