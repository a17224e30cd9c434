import fc from 'fast-check'
import { brokenBodies, hostileTexts, hostileValue } from './hostile-values.ts'
import { createValues, type InputSchema, type Known } from './schema-values.ts'

type Parameter = { in: string; name: string; required?: boolean; schema: InputSchema; example?: unknown }
type Media = { schema: InputSchema; example?: Record<string, unknown> }
type OperationJson = {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media> }
  security?: Record<string, string[]>[]
}
export type InputDocument = {
  paths: Record<string, Record<string, OperationJson>>
  components: { schemas: Record<string, InputSchema> }
}

export const actors = ['nobody', 'user', 'superadmin', 'key', 'forger'] as const
export type ActorName = (typeof actors)[number]

/** Whoever is let in more often comes more often. */
const weighted: ActorName[] = ['nobody', 'forger', 'key', 'key', 'user', 'user', 'user', ...Array(5).fill('superadmin')]

/** One request, as it is sent. */
export type Attempt = {
  operation: string
  actor: ActorName
  method: string
  path: string
  body: string | Uint8Array<ArrayBuffer> | undefined
  headers: Record<string, string>
}

export type Operation = { name: string; method: string; template: string; json: OperationJson }

export function operationsOf(document: InputDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, json]) => ({
      name: `${method.toUpperCase()} ${template}`,
      method: method.toUpperCase(),
      template,
      json,
    })),
  )
}

const headerValues: Record<string, string[]> = {
  'Content-Type': ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'a', ''],
  'Content-Encoding': ['gzip', 'br', 'identity', 'gzip, gzip'],
  'Idempotency-Key': ['one', 'two', 'x'.repeat(255), 'x'.repeat(256), ' ', '\u00e9', "'; --"],
  'If-None-Match': ['*', 'W/"x"', '"', '"a", "b"', 'x'.repeat(2_000)],
  'If-Match': ['*', '"x"', 'W/"1"', ',,,'],
  'X-Request-Id': ['ok-1', 'x'.repeat(128), 'x'.repeat(129), 'a b', '\u00ff', '\u0024{jndi:x}'],
  'X-Device-Token': ['x', 'a.b.c', 'x'.repeat(5_000)],
  'X-Forwarded-For': ['1.2.3.4', '::1, a, b', ', ,', 'x'.repeat(3_000)],
  'X-HTTP-Method-Override': ['DELETE'],
  Accept: ['text/html', 'application/x-ndjson', 'text/csv', '*/*;q=0', ';;;'],
  'Accept-Encoding': ['gzip', 'br;q=1', 'identity;q=0', '*'],
  'Accept-Language': ['hi', 'xx-YY', ';q=', 'x'.repeat(2_000)],
  Origin: ['https://app.example', 'null', 'https://evil.example'],
  'User-Agent': ['', 'a"b\\c', '<b>\u00ff', 'x'.repeat(4_000)],
  Range: ['bytes=0-1', 'bytes=-'],
  Expect: ['100-continue'],
  Host: ['localhost', 'evil.example', 'a, b', '[::1', 'a@b'],
}

const headers: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 6 },
  {
    arbitrary: fc
      .array(
        fc
          .constantFrom(...Object.entries(headerValues))
          .chain(([name, values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values))),
        { maxLength: 3 },
      )
      .map((pairs) => Object.fromEntries(pairs)),
    weight: 1,
  },
)

const pathTexts = [
  ...hostileTexts.map((text) => encodeURIComponent(text.toWellFormed())),
  '%00',
  '%ff',
  '%',
  '..',
  '%2e%2e',
  '%2f',
]

/** Every request of an operation: what its document says, its bounds and one beyond, what exists, and what nobody meant. */
export function attemptsOf(document: InputDocument, known: Known): fc.Arbitrary<Attempt>[] {
  const values = createValues(document.components.schemas, known)

  function pathOf({ template, json }: Operation): fc.Arbitrary<string> {
    const parts = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
      const schema = json.parameters?.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema
      const meant = values.valuesOf(schema ?? {}, placeOf(template, name)).map((value) => encodeText(value))
      return fc.oneof({ arbitrary: meant, weight: 9 }, { arbitrary: fc.constantFrom(...pathTexts), weight: 1 })
    })
    return fc.tuple(...parts).map((texts) => {
      let at = 0
      return template.replace(/\{\w+\}/g, () => texts[at++] ?? '')
    })
  }

  function queryOf({ json }: Operation): fc.Arbitrary<string> {
    const own = (json.parameters ?? []).filter((parameter) => parameter.in === 'query')
    const pairs = own.map(({ name, schema, example, required }) => {
      const value = values.valuesOf({ ...schema, ...(example !== undefined && { example }) }, name).map(encodeText)
      const pair = value.map((text) => `${name}=${text}`)
      const twice = fc.tuple(value, value).map(([a, b]) => `${name}=${a}&${name}=${b}`)
      return fc.oneof(
        { arbitrary: pair, weight: required ? 20 : 4 },
        { arbitrary: fc.constant(''), weight: required ? 1 : 6 },
        { arbitrary: twice, weight: 1 },
      )
    })
    const odd = fc.constantFrom('x=1', '__proto__=1', '=', '&&', 'limit', 'a[b]=c', '%', 'x=%ff', '?', '#a', 'LIMIT=1')
    const last = fc.oneof({ arbitrary: fc.constant(''), weight: 15 }, { arbitrary: odd, weight: 1 })
    return fc.tuple(...pairs, last).map((texts) => texts.filter((text) => text !== '').join('&'))
  }

  function bodyOf({ json }: Operation): fc.Arbitrary<Attempt['body']> {
    const media = json.requestBody?.content['application/json']
    if (!media)
      return fc.oneof(
        { arbitrary: fc.constant(undefined), weight: 12 },
        { arbitrary: fc.constantFrom('{}', 'x', '[1]'), weight: 1 },
      )
    const { schema, example = {} } = media
    const fields = Object.keys(example)
    const edit = fc.tuple(fc.constantFrom(...(fields.length > 0 ? fields : ['x'])), hostileValue)
    const edited = fc.array(edit, { maxLength: 2 }).map((edits) => ({ ...example, ...Object.fromEntries(edits) }))
    const meant = fc.record(
      Object.fromEntries(fields.map((field) => [field, fc.constantFrom(...(known[field] ?? [example[field]]))])),
    )
    const whole = values.plainOf(schema, '', 0)
    const text = fc
      .oneof({ arbitrary: whole, weight: 6 }, { arbitrary: meant, weight: 4 }, { arbitrary: edited, weight: 3 })
      .map((value) => JSON.stringify(value))
    const broken = fc.constantFrom(...brokenBodies).map((make) => make(JSON.stringify(example)))
    return fc.oneof(
      { arbitrary: text, weight: 20 },
      { arbitrary: broken, weight: 1 },
      { arbitrary: fc.constant(undefined), weight: 1 },
    )
  }

  return operationsOf(document).map((operation) => {
    const { name, method } = operation
    const methods = fc.oneof(
      { arbitrary: fc.constant(method), weight: 30 },
      { arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'), weight: 1 },
    )
    return fc
      .record({
        actor: fc.constantFrom(...weighted),
        method: methods,
        path: pathOf(operation),
        query: queryOf(operation),
        body: bodyOf(operation),
        headers,
      })
      .map(({ actor, method: sent, path, query, body, headers: own }) => ({
        operation: name,
        actor,
        method: sent,
        path: query === '' ? path : `${path}?${query}`,
        body: sent === 'GET' || sent === 'HEAD' ? undefined : body,
        headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...own },
      }))
  })
}

/** A parameter of a path is known by what stands before it: `/roles/{name}` is `roles`, `/sessions/{id}` is `sessions`. */
function placeOf(template: string, name: string): string {
  return template.match(new RegExp(`([a-z-]+)/\\{${name}\\}`))?.[1] ?? name
}

function encodeText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return encodeURIComponent(text.toWellFormed())
}
