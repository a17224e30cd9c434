import type { Context, Handler } from 'hono'
import { type ConstantJson, wroteJson } from './constant-json.ts'
import { applyHeaders, notFinalized, type PartHeaders, type Parts, partHeaders } from './middleware.ts'

/** Undefined: it finished synchronously. */
type Run = (c: Context) => Promise<void> | undefined
/** Every level has all members in this order: reads are fast when all objects have one shape. */
type Level = {
  index: number
  before: Parts['before']
  during: Parts['during']
  after: Parts['after']
  headers: PartHeaders | undefined
}
export type Matched = { handler: Handler; parts: Parts | undefined; index: number }
export type Fused = {
  /** The pattern of the route; empty when none matches. */
  route: string
  handlers: Matched[]
  /** Renders what was thrown. */
  onError: (c: Context, error: unknown) => Promise<void> | undefined
  /** Present where only parts precede the handler: other middleware would see the headers too early. */
  json: ConstantJson | undefined
}

/** Shared resolved promise; `=== done` means that everything within finished synchronously. */
const done = Promise.resolve()

/**
 * Composes the handlers of a request into one, each around the next, as Hono's `compose` does. An error is rendered at
 * its level, so that the levels around it see an answer. Unlike Hono's, it makes no promise unless a handler does.
 */
export function compose(fused: Fused): (c: Context) => Response | Promise<Response> {
  const run = composeFrom(0, fused)
  const prepare = fused.json?.prepare
  return (c) => {
    prepare?.(c)
    const pending = run(c)
    return pending ? pending.then(() => finish(c)) : finish(c)
  }
}

function finish(c: Context): Response {
  if (!c.finalized) throw notFinalized()
  return c.res
}

/** The handlers from an index on: parts, then the first handler that has none, then the rest. */
function composeFrom(from: number, fused: Fused): Run {
  const levels: Level[] = []
  let next = from
  for (; next < fused.handlers.length; next++) {
    const parts = fused.handlers[next]?.parts
    if (!parts || levels.at(-1)?.during) break
    levels.push(levelOf(parts, next))
  }
  const during = levels.at(-1)?.during
  const within = during ? enduring(during, composeFrom(next, fused)) : calling(next, fused)
  return levels.length === 0 ? within : around(levels, within, fused)
}

function levelOf(parts: Parts, index: number): Level {
  const { before, during, after } = parts
  return { index, before, during, after, headers: partHeaders(parts) }
}

function enduring(during: NonNullable<Parts['during']>, within: Run): Run {
  return (c) => {
    const pending = within(c)
    return pending && during(c, pending)
  }
}

/** A handler without parts, and what its `next` calls; after the last handler, not found. */
function calling(index: number, fused: Fused): Run {
  const { handlers, json, onError } = fused
  const handler = handlers[index]?.handler
  if (!handler)
    return (c) => {
      json?.stopCopying(c)
      return c.finalized ? undefined : setResponse(c, c.notFound())
    }
  const rest = composeFrom(index + 1, fused)
  return (c) => {
    let called = false
    const next = () => {
      if (called) return Promise.reject(new Error('next() called multiple times'))
      called = true
      return rest(c) ?? done
    }
    try {
      c.req.routeIndex = index
      json?.startCopying(c)
      const answer: unknown = handler(c, next)
      if (answer === done) return undefined
      return setResponse(c, answer, onError)
    } catch (error) {
      return onError(c, error)
    }
  }
}

function setResponse(c: Context, answer: unknown, onError?: Fused['onError']): Promise<void> | undefined {
  if (answer instanceof Response) {
    if (!c.finalized) c.res = answer
    return undefined
  }
  if (answer === undefined || answer === null) return undefined
  if (typeof (answer as Promise<unknown>).then !== 'function')
    throw new TypeError('a handler returned something that is no Response')
  return (answer as Promise<unknown>).then(
    (settled) => setResponse(c, settled),
    onError && ((error) => onError(c, error)),
  )
}

/** A run of parts around `within`, without a promise until something waits. */
function around(levels: Level[], within: Run, { route, onError, json }: Fused): Run {
  const last = levels.length - 1
  return (c) => runBefore(c, 0)

  function runBefore(c: Context, from: number): Promise<void> | undefined {
    const { req } = c
    let at = from
    try {
      for (; at <= last; at++) {
        const level = levels[at] as Level
        if (!level.before) continue
        req.routeIndex = level.index
        const answer = level.before(c, route)
        if (answer === undefined) continue
        if (answer instanceof Promise) return resume(c, answer, at)
        c.res = answer
        return runAfter(c, at)
      }
      at = last
      const pending = within(c)
      if (pending) return settle(c, pending)
      if (!c.finalized) throw notFinalized()
    } catch (error) {
      return refuse(c, error, at)
    }
    return runAfter(c, last)
  }

  /** Continues after a part that returned a promise. */
  async function resume(c: Context, waiting: Promise<Response | undefined>, at: number): Promise<void> {
    const wasFinalized = c.finalized
    let answer: Response | undefined
    try {
      answer = await waiting
    } catch (error) {
      return refuse(c, error, at)
    }
    if (answer) c.res = answer
    else if (wasFinalized || !c.finalized) return runBefore(c, at + 1)
    return runAfter(c, at)
  }

  async function settle(c: Context, pending: Promise<void>): Promise<void> {
    try {
      await pending
      if (!c.finalized) throw notFinalized()
    } catch (error) {
      return refuse(c, error, last)
    }
    return runAfter(c, last)
  }

  /** An error of one level is rendered there, and seen by the levels around it. */
  function refuse(c: Context, error: unknown, at: number): Promise<void> | undefined {
    const rendering = onError(c, error)
    return rendering ? rendering.then(() => runAfter(c, at - 1)) : runAfter(c, at - 1)
  }

  function runAfter(c: Context, from: number): Promise<void> | undefined {
    json?.stopCopying(c)
    for (let at = from; at >= 0; at--) {
      const { headers, after } = levels[at] as Level
      try {
        if (headers && !wroteJson(c)) applyHeaders(c, headers)
        after?.(c)
      } catch (error) {
        return refuse(c, error, at)
      }
    }
  }
}
