import { zValidator } from '@hono/zod-validator'
import type { HonoRequest } from 'hono'
import { resolver } from 'hono-openapi'
import type { z } from 'zod'
import { AppError, type FieldError } from '../../errors/app-error.ts'
import { middleware } from '../middleware.ts'
import { documented } from '../openapi.ts'
import { readJsonText, refuseBody, refuseText } from './body.ts'
import { parseJson } from './json.ts'
import { strictOnce } from './strict-schema.ts'

const defaultLimitBytes = 65_536
/** The most errors of an answer, which must not grow with hostile input. */
const maxErrors = 100
const maxPathLength = 200

type BodyOptions = {
  /** The largest body, in bytes; default 64 KiB. */
  limitBytes?: number
  /** Members that are only compared, never stored or shown: these may hold NUL and lone surrogates. */
  compared?: readonly string[]
}

/**
 * Validates the JSON body. The handler reads `c.req.valid('json')`; `c.req.text()` has the original text. The
 * middleware throws AppError: what readJsonText and parseJson throw, or `validation-failed` with an entry for each
 * wrong value.
 * @throws Error for an object schema that would let unknown keys pass
 */
export function body<T extends z.ZodType>(schema: T, { limitBytes = defaultLimitBytes, compared }: BodyOptions = {}) {
  const validate = zValidator('json', schema, refuseInvalid)
  const strict = strictOnce('json', schema)
  const valid: typeof validate = async function validBody(c, next) {
    strict()
    const text = await readJsonText(c.req.raw, limitBytes, wasRead(c.req) ? c.req.arrayBuffer() : undefined)
    parseJson(text, compared)
    refuseQuery(c.req.url)
    remember(c.req, text)
    return validate(c, next)
  }
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
      const result = strict().safeParse(readQuery(c.req.url))
      refuseInvalid(result)
      c.req.addValidatedData('query', result.data as object)
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

type Result = { success: true } | { success: false; error: { issues: z.core.$ZodIssue[] } }

function refuseInvalid(result: Result): void {
  if (!result.success) throw refusal(toFieldErrors(result.error.issues))
}

function throwNotFound(): never {
  throw new AppError('not-found')
}

function refusal(errors: FieldError[]): AppError {
  return new AppError('validation-failed', { errors: errors.slice(0, maxErrors) })
}

/** The issues of zod as field errors, at most 100, without any value. */
export function toFieldErrors(issues: z.core.$ZodIssue[]): FieldError[] {
  return issues.slice(0, maxErrors).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => fieldError('unrecognized-keys', ...issue.path, key))
    }
    return [{ path: toPath(issue.path), message: plainMessage(issue), code: issue.code.replaceAll('_', '-') }]
  })
}

const messages = {
  'unrecognized-keys': 'This is not known here.',
  'malformed-encoding': 'Encode the parameter as percent-encoded UTF-8.',
  'duplicate-parameter': 'This parameter appears twice.',
  'nul-character': 'Remove the NUL character.',
}

function fieldError(code: keyof typeof messages, ...path: PropertyKey[]): FieldError {
  return { path: toPath(path), message: messages[code], code }
}

/** Zod's message; for a missing value without a message of its own, a plainer one. */
function plainMessage({ code, message }: z.core.$ZodIssue): string {
  return code === 'invalid_type' && message.endsWith('received undefined') ? 'This is required.' : message
}

function toPath(path: PropertyKey[]): string {
  return path.map(String).join('.').slice(0, maxPathLength).toWellFormed()
}

const noQuery: Readonly<Record<string, string>> = Object.freeze({})

/** The query's parameters. Hono's reader would hide a repeated, undecodable or inherited name (`constructor`). */
function readQuery(url: string): Readonly<Record<string, string>> {
  const start = url.indexOf('?')
  if (start === -1) return noQuery
  const found = new Map<string, string>()
  const errors: FieldError[] = []
  for (const pair of url.slice(start + 1).split('&')) {
    if (pair === '') continue
    if (errors.length === maxErrors) break
    const [name, value] = splitPair(pair).map(decode)
    if (name === undefined || value === undefined) errors.push(fieldError('malformed-encoding', name ?? ''))
    else if (name === '') errors.push(fieldError('unrecognized-keys', name))
    else if (found.has(name)) errors.push(fieldError('duplicate-parameter', name))
    else if (name.includes('\0') || value.includes('\0')) errors.push(fieldError('nul-character', name))
    else found.set(name, value)
  }
  if (errors.length > 0) throw refusal(errors)
  return Object.fromEntries(found)
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=')
  return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
