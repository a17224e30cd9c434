import { zValidator } from '@hono/zod-validator'
import type { HonoRequest } from 'hono'
import { resolver } from 'hono-openapi'
import type { z } from 'zod'
import { AppError } from '../../errors/app-error.ts'
import { middleware } from '../middleware.ts'
import { documented } from '../openapi.ts'
import { readJsonText, refuseBody, refuseText } from './body.ts'
import { fieldError, refusal, toFieldErrors } from './field-errors.ts'
import { parseJson } from './json.ts'
import { readQuery } from './query-string.ts'
import { strictOnce } from './strict-schema.ts'

const defaultLimitBytes = 65_536

type BodyOptions = {
  /** The largest body, in bytes; default 64 KiB. */
  limitBytes?: number
  /** Members that are only compared, never stored or shown: these may hold NUL and lone surrogates. */
  compared?: readonly string[]
}

/**
 * Validates the JSON body. The handler reads `c.req.valid('json')`; `c.req.text()` has the original text. The middleware
 * throws AppError: what readJsonText and parseJson throw, or `validation-failed` with an entry for each wrong value.
 * @throws Error for an object schema that would let unknown keys pass
 */
export function body<T extends z.ZodType>(schema: T, { limitBytes = defaultLimitBytes, compared }: BodyOptions = {}) {
  const typed = zValidator('json', schema, refuseInvalid)
  const strict = strictOnce('json', schema)
  const valid: typeof typed = middleware({
    name: 'validBody',
    async before(c) {
      const text = await readJsonText(c.req.raw, limitBytes, wasRead(c.req) ? c.req.arrayBuffer() : undefined)
      const value = parseJson(text, compared)
      refuseQuery(c.req.url)
      remember(c.req, text)
      accept(c.req, 'json', strict(), value)
      return undefined
    },
  })
  return documented(valid, () => ({ target: 'json', ...resolver(strict()) }))
}

/**
 * Validates the query, in which a parameter may appear once: the handler reads `c.req.valid('query')`. The middleware
 * throws AppError `validation-failed` with an entry for each wrong, unknown, repeated or undecodable parameter.
 * @throws Error for an object schema that would let unknown parameters pass
 */
export function query<T extends z.ZodType>(schema: T) {
  const strict = strictOnce('query', schema)
  const typed = zValidator('query', schema, refuseInvalid)
  const valid: typeof typed = middleware({
    name: 'validQuery',
    before(c) {
      accept(c.req, 'query', strict(), readQuery(c.req.url))
    },
  })
  return documented(valid, () => ({ target: 'query', ...resolver(strict()) }))
}

/**
 * Validates the path's parameters: the handler reads `c.req.valid('param')`.
 * The middleware throws AppError `not-found` for a malformed one.
 *
 * @throws Error for an object schema that would let unknown parameters pass
 */
export function params<T extends z.ZodType>(schema: T) {
  const strict = strictOnce('param', schema)
  const typed = zValidator('param', schema, throwNotFound)
  // Synchronous: the three awaits of Hono's validator would triple its cost, on the busiest routes.
  const valid: typeof typed = middleware({
    name: 'validParams',
    before(c) {
      const result = strict().safeParse(c.req.param())
      if (!result.success) return throwNotFound()
      c.req.addValidatedData('param', result.data as object)
    },
  })
  return documented(valid, () => ({ target: 'param', ...resolver(strict()) }))
}

/** For routes without a body: throws AppError `bad-request` when there is one, of whatever type. */
export const noBody = middleware({ name: 'noBody', before: (c) => withoutBody(c.req) })

/** For routes without query and body: throws AppError `validation-failed` for any parameter, and what noBody throws. */
export const noInput = middleware({
  name: 'noInput',
  before(c) {
    refuseQuery(c.req.url)
    return withoutBody(c.req)
  },
})

function withoutBody(req: HonoRequest): Promise<undefined> | undefined {
  const reading = wasRead(req) ? req.text().then(refuseText) : refuseBody(req.raw)
  return reading?.then((): undefined => remember(req, ''))
}

function wasRead({ bodyCache }: HonoRequest): boolean {
  for (const _ in bodyCache) return true
  return false
}

/** Puts the text into Hono's cache for `c.req.text()` and `c.req.json()`: a body can be read only once. */
function remember({ bodyCache }: HonoRequest, text: string): undefined {
  // The cache has promises, unlike its type.
  Object.assign(bodyCache, { text: Promise.resolve(text) })
}

function refuseQuery(url: string): void {
  const keys = Object.keys(readQuery(url))
  if (keys.length > 0) throw refusal(keys.map((key) => fieldError('unrecognized-keys', key)))
}

/** Stores the validated value for `c.req.valid`. @throws AppError `validation-failed` */
function accept(req: HonoRequest, target: 'json' | 'query', schema: z.ZodType, value: unknown): void {
  const result = schema.safeParse(value)
  refuseInvalid(result)
  req.addValidatedData(target, result.data as object)
}

type Result = { success: true } | { success: false; error: { issues: z.core.$ZodIssue[] } }

function refuseInvalid(result: Result): void {
  if (!result.success) throw refusal(toFieldErrors(result.error.issues))
}

function throwNotFound(): never {
  throw new AppError('not-found')
}
