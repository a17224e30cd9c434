import { rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dereference, type Schema, type SchemaDraft, validate } from '@cfworker/json-schema'
import type { createApp } from '../../src/app.ts'
import { openApiDocument } from '../../src/ops/openapi.ts'

type Answer = { content?: Record<string, { schema: Schema }>; headers?: Record<string, { $ref: string }> }
type Document = {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>
  components: { headers: Record<string, { required: boolean }>; schemas: Record<string, Schema> }
}
type Judge = { document: Document; routes: [RegExp, string][]; lookup: Lookup }
type Lookup = ReturnType<typeof dereference>

const base = new URL('http://document/')
const draft: SchemaDraft = '2020-12'
/** Headers of any route: of HTTP, of CORS, and security headers. */
const general =
  /^(?:content-type|content-length|transfer-encoding|content-encoding|content-security-policy|connection|date|vary|allow|referrer-policy|strict-transport-security|x-content-type-options|x-frame-options|cross-origin-.*|access-control-.*)$/
/** Pages for browsers, and the document itself. */
const undescribed =
  /^\/(?:docs(?:\/[^/]*)?|problems(?:\/[^/]*)?|account\/(?:[^/]*|assets\/[^/]*)|console(?:\/.*)?|dev\/mail(?:\.css|\/.*)?|sandbox(?:\/.*)?|openapi\.json|metrics)$/

let judge: Promise<Judge> | undefined

/**
 * Checks an answer against the OpenAPI document: its status, media type, headers and every member of its body. Objects
 * that the document leaves open are closed here, so that an undeclared member fails the test.
 * @returns the answer, unread
 */
export async function checked(
  app: ReturnType<typeof createApp>,
  request: Request,
  answer: Response,
): Promise<Response> {
  if (request.method === 'HEAD' || request.method === 'OPTIONS') return answer
  judge ??= prepare(app)
  const { document, routes, lookup } = await judge
  const { pathname } = new URL(request.url)
  const path = routes.find(([pattern]) => pattern.test(pathname))?.[1]
  const operation = path === undefined ? undefined : document.paths[path]?.[request.method.toLowerCase()]
  const name = `${request.method} ${path ?? pathname}: ${answer.status}`
  const type = answer.headers.get('content-type')?.split(';')[0]?.toLowerCase()
  if (!operation) {
    if (answer.status < 400 && (undescribed.test(pathname) || answer.status < 200)) return answer
    return judgeBody(answer, anyProblem(document), name, lookup)
  }
  const described = operation.responses[answer.status]
  if (!described) throw new Error(`${name} is not in the OpenAPI document: ${await answer.clone().text()}`)
  judgeHeaders(answer.headers, described, document.components.headers, name)
  if (!described.content) {
    if (answer.body !== null && (await answer.clone().text()) !== '') throw new Error(`${name} has a body`)
    return answer
  }
  const schema = type === undefined ? undefined : described.content[type]?.schema
  if (!schema) throw new Error(`${name} as ${type} is not in the OpenAPI document`)
  if (!/^application\/(?:[a-z]+\+)?json$/.test(type ?? '')) return answer
  return judgeBody(answer, resolved(schema, lookup), name, lookup)
}

/**
 * An answer's schema with resolved references, made when first needed: those of all answers would cost each file a
 * tenth of a second.
 */
function resolved(schema: Schema, lookup: Lookup): Schema {
  if (schema.__absolute_uri__ === undefined) dereference(schema, lookup, base, `/answers/${Object.keys(lookup).length}`)
  return schema
}

function anyProblem({ components }: Document): Schema {
  const names = Object.keys(components.schemas).filter((name) => name.endsWith('Problem'))
  return { oneOf: names.map((name) => ({ $ref: `${base}#/components/schemas/${name}` })) }
}

function judgeHeaders(
  headers: Headers,
  { headers: described = {} }: Answer,
  known: Document['components']['headers'],
  name: string,
): void {
  const told = Object.values(described).map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1))
  for (const header of told)
    if (known[header]?.required && !headers.has(header)) throw new Error(`${name} lacks the promised ${header}`)
  const lowerCased = new Set(told.map((header) => header.toLowerCase()))
  for (const header of headers.keys())
    if (!lowerCased.has(header) && !general.test(header))
      throw new Error(
        `${name} has a header ${header}, which the OpenAPI document leaves out: name it by adding(…) on the route's line, with a line in src/http/openapi-headers.ts`,
      )
}

async function judgeBody(answer: Response, schema: Schema, name: string, lookup: Lookup): Promise<Response> {
  // As with fetch: the header stays, but the body is decompressed.
  const isGzip = answer.headers.get('content-encoding') === 'gzip'
  const text = isGzip ? new TextDecoder().decode(Bun.gunzipSync(await answer.arrayBuffer())) : await answer.text()
  const again = new Response(text, answer)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Error(`${name} is no JSON: ${text.slice(0, 500)}`)
  }
  const { valid, errors } = validate(body, schema, draft, lookup)
  if (valid) return again
  const reasons = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join('\n')
  throw new Error(`${name} is not what the OpenAPI document says:\n${reasons}\n${text.slice(0, 1_000)}`)
}

async function prepare(app: ReturnType<typeof createApp>): Promise<Judge> {
  const document = await readDocument(app)
  const paths = Object.keys(document.paths).sort((a, b) => a.split('{').length - b.split('{').length)
  const routes = paths.map((path): [RegExp, string] => [
    new RegExp(`^${RegExp.escape(path).replaceAll(/\\\{.*?\\\}/g, '[^/]+')}$`),
    path,
  ])
  const { components } = document
  return { document, routes, lookup: dereference({ components, $id: base.href } as unknown as Schema) }
}

/** The closed document. Making it costs a test file more than all its checks, so one file of a run makes it for all. */
async function readDocument(app: ReturnType<typeof createApp>): Promise<Document> {
  const path = join(tmpdir(), `openapi-${process.env.TEST_TEMPLATE}.json`)
  if (await Bun.file(path).exists()) return (await Bun.file(path).json()) as Document
  const { components, paths } = (await openApiDocument(app, 'http://localhost')) as unknown as Document
  const answers = Object.entries(paths).map(([name, operations]) => [
    name,
    Object.fromEntries(Object.entries(operations).map(([method, { responses }]) => [method, { responses }])),
  ])
  const closed = structuredClone({ components, paths: Object.fromEntries(answers) })
  close(closed)
  const text = JSON.stringify(closed)
  const own = `${path}.${crypto.randomUUID()}`
  await Bun.write(own, text)
  await rename(own, path)
  return JSON.parse(text) as Document
}

/** Refuses undeclared members. Parts of `allOf` see only some members, so they stay open. */
function close(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) close(item)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  const schema = value as Schema & Record<string, unknown>
  if (schema.type === 'object' && schema.properties && schema.additionalProperties === undefined)
    schema.additionalProperties = false
  for (const [key, item] of Object.entries(schema)) if (key !== 'allOf') close(item)
}
