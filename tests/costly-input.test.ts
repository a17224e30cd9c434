import { describe, expect, test } from 'bun:test'
import { openApiDocument } from '../src/ops/openapi.ts'
import { openTestApp } from './support/app.ts'
import { costlyValues } from './support/costly-values.ts'
import { costsBeside } from './support/cpu.ts'
import { everyRoute, good } from './support/every-route.ts'

/** What the costliest input may cost, measured by plain input of the same size: reading it once more, not its square. */
const limit = 25
const bodyBytes = 60_000
const targetLength = 7_900
/** What is left of it for one value. */
const encodedLength = targetLength - 100
const headerLength = 15_000

const service = await openTestApp(
  { RATE_LIMIT_GLOBAL: '1000000/1m', TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8,::1' },
  { hashing: 'full' },
)
const { routes, send } = await everyRoute(service)

type Schema = { $ref?: string; properties?: Record<string, unknown> }
type Operation = {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
const document = (await openApiDocument(service.app, 'http://localhost:3000')) as Document

function operationOf(route: string): Operation | undefined {
  const [method = '', pattern = ''] = route.split(' ')
  return document.paths[pattern.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
}

function fieldsOf(route: string): string[] {
  const schema = operationOf(route)?.requestBody?.content['application/json']?.schema
  const known = schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : schema
  return Object.keys(known?.properties ?? {})
}

const texts = Object.entries(costlyValues).flatMap(([name, make]) => {
  const value = make(targetLength)
  return typeof value === 'string' ? [{ name, value }] : []
})

/** As much of a text as fits into `length`, encoded. */
function encode(text: string, length = encodedLength): string {
  const whole = encodeURIComponent(text)
  const kept = Math.min(text.length, Math.floor((text.length * length) / whole.length))
  return encodeURIComponent(text.slice(0, kept).toWellFormed())
}

describe('a hostile body costs no more than another of its size', () => {
  for (const { route, method, path, row } of routes.filter(({ row }) => row.json))
    test(`in every field of ${route}`, async () => {
      const fields = fieldsOf(route)
      expect(fields).not.toBeEmpty()
      for (const field of fields) {
        const plain = JSON.stringify({ ...good(row), [field]: 0, other: 'a'.repeat(bodyBytes) })
        const costOf = costsBeside(() => send({ method, path, body: plain }), limit)
        for (const [name, make] of Object.entries(costlyValues)) {
          const written = JSON.stringify({ ...good(row), [field]: make(bodyBytes) })
          const body = name.startsWith('escaped') ? written.replaceAll('\u200D', '\\u200D') : written
          const ratio = await costOf(() => send({ method, path, body }))
          expect([route, field, name, ratio > limit ? ratio : 'cheap']).toEqual([route, field, name, 'cheap'])
        }
      }
    })
})

test('so does a query, in every parameter', async () => {
  for (const { route, method, path, row } of routes) {
    const names = operationOf(route)?.parameters?.filter((parameter) => parameter.in === 'query') ?? []
    const body = row.json && JSON.stringify(good(row))
    const ask = (query: string) => send({ method, path: `${path.split('?')[0]}?${query}`, body })
    const costOf = costsBeside(() => ask(`other=${'a'.repeat(encodedLength)}`), limit)
    for (const { name: parameter } of names)
      for (const { name, value } of texts) {
        const ratio = await costOf(() => ask(`${parameter}=${encode(value)}`))
        expect([route, parameter, name, ratio > limit ? ratio : 'cheap']).toEqual([route, parameter, name, 'cheap'])
      }
  }
})

test('so does a path, in every parameter', async () => {
  for (const { route, method } of routes.filter(({ route }) => route.includes(':'))) {
    const pattern = route.split(' ')[1] ?? ''
    const parts = pattern.split('/').filter((part) => part.startsWith(':')).length
    const ask = (text: string) => send({ method, path: pattern.replace(/:\w+/g, text) })
    const length = Math.floor(encodedLength / parts)
    const costOf = costsBeside(() => ask('a'.repeat(length)), limit)
    for (const { name, value } of texts) {
      const ratio = await costOf(() => ask(encode(value, length)))
      expect([route, name, ratio > limit ? ratio : 'cheap']).toEqual([route, name, 'cheap'])
    }
  }
})

describe('so does a header', () => {
  const values = [
    ...texts.map(({ value }) => value).filter((value) => /^[\x21-\x7e]+$/.test(value)),
    ',',
    '10.0.0.1,',
    '[::1]:80,',
    'W/"a",',
    '; ',
    'Bearer a.',
    'mk_a',
    '::',
  ].map((piece) =>
    piece
      .repeat(Math.ceil(headerLength / piece.length))
      .slice(0, headerLength)
      .trim(),
  )
  const headers = [
    'Authorization',
    'Content-Type',
    'Host',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'Origin',
    'User-Agent',
    'X-Device-Token',
    'X-Forwarded-For',
    'X-Request-Id',
  ]
  const server = { requestIP: () => ({ address: '127.0.0.1' }), timeout: () => {} }
  for (const header of headers)
    test(header, async () => {
      for (const [method, path] of [
        ['GET', '/v1/plans'],
        ['GET', '/v1/admin/roles'],
        ['POST', '/v1/auth/login'],
        ['POST', '/v1/admin/roles'],
        ['OPTIONS', '/v1/plans'],
      ] as const) {
        const ask = async (value: string) => {
          const type = { 'Content-Type': 'application/json' }
          const body = method === 'POST' ? '{"email":1}' : undefined
          const request = new Request(`http://localhost${path}`, {
            method,
            headers: { ...type, [header]: value },
            body,
          })
          return service.app.fetch(request, { server })
        }
        const costOf = costsBeside(() => ask('a'.repeat(headerLength)), limit)
        for (const value of values) {
          const ratio = await costOf(() => ask(value))
          const start = value.slice(0, 20)
          expect([path, start, ratio > limit ? ratio : 'cheap']).toEqual([path, start, 'cheap'])
        }
      }
    })
})

test('what is wrong with a body is told up to a hundred times', async () => {
  for (const json of [
    { name: 'made_here', description: '', privilegeLevel: 1, permissions: Array(200).fill('A!') },
    Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`unknown_${i}`, 1])),
  ]) {
    const answer = await send({ method: 'POST', path: '/v1/admin/roles', body: JSON.stringify(json) })
    expect(answer.status).toBe(422)
    expect(((await answer.json()) as { errors: unknown[] }).errors).toHaveLength(100)
  }
})
