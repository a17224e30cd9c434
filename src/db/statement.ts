import type postgres from 'postgres'

/**
 * Internals of the driver's pending query (postgres 3.4.9, pinned). The tests of deadlines and statement counts fail if
 * they change.
 */
export type Query = Promise<unknown> & {
  strings: readonly string[] & { raw?: readonly string[] }
  args: unknown[]
  handler: Handler
  options: object
  /** The text with placeholders, once it is sent. */
  string?: string
  /** Sent, but not answered yet. */
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
 * A proxy of `handle` that passes each awaited statement to `run` instead of sending it. Fragments are never awaited, so
 * they are not affected. `extras` adds or replaces members.
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
      // The driver's `notify` would leave the transaction, and `file` reads any file.
      if (name === 'notify')
        return (channel: string, payload: string) => intercepted`select pg_notify(${channel}, ${payload})`
      if (name === 'file') return undefined
      return Reflect.get(target, name)
    },
  }) as unknown as postgres.ISql & E // A proxy has its target's type; `get` adds `extras`.
  return intercepted
}

function intercept(made: unknown, run: (query: Query) => Promise<unknown>): unknown {
  const query = internals(made)
  let started = false
  query.handle = () => {
    if (started) return
    started = true
    if (query.cursorFn || query.forEachFn || query.streaming || query.onlyDescribe)
      return query.reject(new Error('streams and cursors have no deadline here: read page by page'))
    run(query).then(query.resolve, query.reject)
  }
  return made
}

/**
 * The same statement as a new query, to be sent by `handler`; a query can be sent only once.
 * @throws Error with code UNDEFINED_VALUE: the driver would notice too late, and reject the previous statement
 */
export function repeatQuery(query: Query, handler: Handler): Query {
  if (query.args.includes(undefined))
    throw Object.assign(new Error('a parameter is undefined'), { code: 'UNDEFINED_VALUE' })
  const copy: Query = Reflect.construct(query.constructor, [query.strings, query.args, handler, null, query.options])
  copy.isRaw = query.isRaw
  return copy
}

/** Whether a statement only reads, and so may be retried. A CTE may write, so it does not count. */
export function isRead(query: Query): boolean {
  return /^\s*select\b/i.test(query.strings[0] ?? '')
}

/** The function of the driver that runs a query of this client; it is not part of its public API. */
export function handlerOf(client: postgres.Sql): Handler {
  return internals(client``).handler
}

/**
 * The driver's cancel request, sent over a new connection. It cancels whatever the query's connection runs, so only for
 * one that is not shared.
 */
export function cancelOf(client: postgres.Sql): (query: Query) => Promise<void> {
  return internals(client``).canceller
}

function isTemplate(first: unknown): boolean {
  return Array.isArray(first) && 'raw' in first
}

/** The driver's types hide these members. */
function internals(query: unknown): Query {
  return query as Query
}

/** A handle is a function with overloads, which Reflect.apply cannot name. */
function asFunction(handle: postgres.ISql): (...args: unknown[]) => unknown {
  return handle as unknown as (...args: unknown[]) => unknown
}
