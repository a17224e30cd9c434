import { expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { policyOf } from '../src/http/openapi.ts'
import { idempotent } from '../src/idempotency/middleware.ts'
import { openApiDocument } from '../src/ops/openapi.ts'
import { bodyOf, openTestApp } from './support/app.ts'

type Schema = { type?: string; minimum?: number; maximum?: number; [key: string]: unknown }
type Content = Record<string, { schema?: Schema }>
type Operation = {
  operationId: string
  tags?: string[]
  summary?: string
  security?: Record<string, string[]>[]
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { description: string; content?: Content }>
}
type Document = {
  openapi: string
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> }
}

/** Pages for people, and the document itself: not part of the API that it describes. */
const pages = [
  'get /openapi.json',
  'get /metrics',
  'get /docs',
  'get /docs/{file}',
  'get /problems',
  'get /problems/{code}',
  'get /dev/mail',
  'get /dev/mail.css',
  'get /dev/mail/{id}',
  'get /dev/mail/{id}/text',
  'get /dev/mail/{id}/html',
  'get /sandbox',
  'get /sandbox/pages.css',
  'post /sandbox/clock',
  'get /sandbox/checkouts/{id}',
  'post /sandbox/checkouts/{id}',
  'get /sandbox/subscriptions/{id}',
  'post /sandbox/subscriptions/{id}',
  'get /account/verify-email',
  'get /account/reset-password',
  'get /account/confirm-email',
  'get /account/undo-email',
  'get /account/accept-invitation',
  'get /account/accept-team',
  'get /account/assets/{file}',
  'get /console',
  'get /console/',
  'get /console/{page}',
  'get /console/{page}/{name}',
]
const publicUrl = 'http://localhost:3000'

const service = await openTestApp()
const document = (await openApiDocument(service.app, publicUrl)) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
)

function find(name: string): Operation {
  const found = operations.find((entry) => entry.name === name)
  if (!found) throw new Error(`${name} is not in the document`)
  return found.operation
}

function routesOf(wanted: (handler: object) => boolean): string[] {
  const routes = service.app.routes.filter(({ method, handler }) => method !== 'ALL' && wanted(handler))
  return [
    ...new Set(routes.map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)),
  ].sort()
}

test('the document is OpenAPI 3.1 and valid under a public validator', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  expect(errors ?? []).toEqual([])
  expect(valid).toBe(true)
  expect(document.openapi).toMatch(/^3\.1\./)
})

test('the server answers the same document', async () => {
  const answer = await service.request('/openapi.json')
  expect(answer.status).toBe(200)
  expect(await bodyOf<unknown>(answer)).toEqual(JSON.parse(JSON.stringify(document)))
})

test('every mounted route is in the document, and nothing else', () => {
  const mounted = routesOf(() => true)
  expect(operations.map(({ name }) => name).sort()).toEqual(mounted.filter((name) => !pages.includes(name)))
  expect(pages.filter((name) => !mounted.includes(name))).toEqual([])
})

test('every operation has a name of its own, a tag and a summary', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  expect(
    operations.filter(({ operation }) => !operation.tags?.length || !operation.summary).map(({ name }) => name),
  ).toEqual([])
})

/** A person's browser meets it: beside the problem document it has a page. */
const withPage = 'get /v1/auth/oidc/{provider}/callback 400'

test.each(operations)('$name tells its success and its problems', ({ name, operation }) => {
  const answers = Object.entries(operation.responses)
  expect(answers.some(([status]) => status.startsWith('2') || status === '302')).toBe(true)
  expect(Object.keys(operation.responses)).toContainValues(['400', '500', '504'])
  for (const [status, { content, description }] of answers.filter(([status]) => Number(status) >= 400)) {
    const page = `${name} ${status}` === withPage ? ['text/html'] : []
    expect(Object.keys(content ?? {})).toEqual(['application/problem+json', ...page])
    expect(codesOf(content?.['application/problem+json']?.schema)).toEqual(description.split(', ').sort())
    expect(`${status} ${description}`).toMatch(/^\d{3} [a-z-]+(, [a-z-]+)*$/)
  }
})

test('guarded routes, and no others, ask for the bearer and tell its refusals', () => {
  const guarded = routesOf((handler) => policyOf(handler)?.startsWith('authenticated') ?? false)
  expect(guarded.length).toBeGreaterThan(10)
  const asking = operations
    .filter(({ operation }) => operation.security?.some((scheme) => 'bearer' in scheme))
    .map(({ name }) => name)
  expect(asking.sort()).toEqual(guarded)
  for (const name of guarded) expect(find(name).responses[401]?.description).toContain('session-revoked')
  expect(document.components.securitySchemes).toMatchObject({
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    apiKey: { type: 'http', scheme: 'bearer' },
  })
})

test('what an API key needs is told with each operation that is open to them, and with no other', () => {
  const needed = operations.flatMap(({ name, operation }) =>
    (operation.security ?? []).flatMap((scheme) => (scheme.apiKey ? [[name, ...scheme.apiKey]] : [])),
  )
  expect(Object.fromEntries(needed)).toEqual({
    'get /v1/authz/changes': 'authz.read',
    'get /v1/dashboard': 'dashboard.read',
    'get /v1/dashboard/insights': 'dashboard.read',
    'get /v1/entitlements/{feature}': 'profile.read',
    'get /v1/me': 'profile.read',
    'get /v1/me/consents': 'profile.read',
    'get /v1/me/entitlements': 'profile.read',
    'get /v1/me/export': 'profile.read',
    'get /v1/payments': 'payments.read',
    'get /v1/reports/usage': 'dashboard.read',
    'get /v1/subscription': 'payments.read',
  })
})

test('what wants a stronger or a more recent sign-in says so, and all of administration the former', () => {
  const saying = (code: string) =>
    operations.filter(({ operation }) => operation.responses[401]?.description?.split(', ').includes(code))
  const strong = saying('mfa-required').map(({ name }) => name)
  expect(
    operations.map(({ name }) => name).filter((name) => name.includes(' /v1/admin/') && !strong.includes(name)),
  ).toEqual([])
  const recent = saying('reauthentication-required').map(({ name }) => name)
  for (const name of ['post /v1/api-keys', 'post /v1/me/email', 'delete /v1/me', 'put /v1/admin/users/{id}/role'])
    expect(recent).toContain(name)
})

test('several problems of one status are all named', () => {
  const insights = find('get /v1/dashboard/insights').responses[403]?.description
  expect(insights).toBe('api-key-not-allowed, feature-not-in-plan, permission-denied')
  expect(find('post /v1/auth/password/change').responses[401]?.description).toContain(
    'invalid-credentials, authentication-required',
  )
})

test('request bodies appear, with what they may be refused for', () => {
  const bodies = ['register', 'login', 'refresh', 'password/change'].map((name) => `post /v1/auth/${name}`)
  for (const name of [...bodies, 'patch /v1/me']) {
    const { requestBody, responses } = find(name)
    expect(requestBody?.required).toBe(true)
    expect(Object.keys(requestBody?.content ?? {})).toEqual(['application/json'])
    expect(Object.keys(responses)).toContainValues(['400', '413', '415', '422'])
    expect(responses[400]?.description).toContain('malformed-json')
  }
  expect(document.components.schemas.Registration).toMatchObject({
    required: ['email', 'password'],
    additionalProperties: false,
  })
})

test('query and path parameters appear, with what they may be', () => {
  const limit = find('get /v1/plans').parameters?.find(({ name }) => name === 'limit')
  expect(limit).toMatchObject({ in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } })
  expect(find('get /v1/plans').responses[422]?.description).toContain('invalid-cursor')
  // A route that takes no parameter refuses those that come.
  expect(find('get /v1/me').responses[422]?.description).toBe('validation-failed')
  expect(find('get /v1/reports/usage').parameters?.map(({ name }) => name)).toEqual(['from', 'to', 'groupBy'])
  const missing = operations.flatMap(({ name, path, operation }) =>
    [...path.matchAll(/\{(\w+)\}/g)]
      .filter(([, key]) => !operation.parameters?.some((p) => p.in === 'path' && p.name === key && p.required))
      .map(() => name),
  )
  expect(missing).toEqual([])
})

test('a route that takes an idempotency key says so, with what the key may be refused for', () => {
  const keyed = routesOf((handler) => handler === idempotent)
  expect(keyed).toContain('post /v1/subscription')
  const said = operations.filter(({ operation }) =>
    operation.parameters?.some(({ name }) => name === 'Idempotency-Key'),
  )
  expect(said.map(({ name }) => name).sort()).toEqual(keyed)
  for (const name of keyed) {
    expect(find(name).responses[409]?.description).toContain('idempotency-key-in-use')
    expect(find(name).responses[422]?.description).toContain('idempotency-key-reused')
  }
})

test('every integer is bounded', () => {
  const unbounded: string[] = []
  walk(document, '', (value, path) => {
    if (value.type === 'integer' && (typeof value.minimum !== 'number' || typeof value.maximum !== 'number'))
      unbounded.push(path)
  })
  expect(unbounded).toEqual([])
})

test('no foreign host appears: one server, and references that stay in the document', () => {
  expect(document.servers).toEqual([{ url: publicUrl }])
  const foreign = [...JSON.stringify(document).matchAll(/https?:\/\/[^"\\\s]+/g)]
    .map(([url]) => url)
    // Where an endpoint of the reader's may be: a name that is reserved for examples (RFC 2606).
    .filter((url) => !url.startsWith(publicUrl) && url !== 'https://hooks.example.com/manas360')
  expect(foreign).toEqual([])
  walk(document, '', ({ $ref }) => {
    if (typeof $ref !== 'string') return
    expect($ref).toStartWith('#/components/')
    expect(resolve($ref)).toBeObject()
  })
})

function resolve(reference: string): unknown {
  const keys = reference.slice('#/'.length).split('/')
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
}

/** The problem codes that a schema lets through. */
function codesOf(schema: Schema | undefined): string[] {
  const { $ref, oneOf, allOf, properties } = (schema ?? {}) as Record<string, unknown>
  if (typeof $ref === 'string') return codesOf(resolve($ref) as Schema)
  if (Array.isArray(oneOf)) return oneOf.flatMap(codesOf).sort()
  if (Array.isArray(allOf)) return allOf.map(codesOf).reduce((all, some) => all.filter((code) => some.includes(code)))
  const { code } = (properties ?? {}) as { code?: { const?: string; enum?: string[] } }
  return (code?.enum ?? [code?.const ?? '']).toSorted()
}

function walk(value: unknown, path: string, visit: (value: Schema, path: string) => void): void {
  if (typeof value !== 'object' || value === null) return
  visit(value as Schema, path)
  for (const [key, item] of Object.entries(value)) walk(item, `${path}/${key}`, visit)
}
