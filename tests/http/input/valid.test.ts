import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Hono } from 'hono'
import { hc, type InferRequestType, type InferResponseType } from 'hono/client'
import { generateSpecs } from 'hono-openapi'
import { z } from 'zod'
import { AppError, problems } from '../../../src/errors/app-error.ts'
import { Email, Limit, Slug, Uuid } from '../../../src/http/input/fields.ts'
import { body, noBody, params, query } from '../../../src/http/input/validate.ts'

type Env = { Variables: { caller: string } }

const Note = z.strictObject({
  email: Email,
  tags: z
    .array(z.strictObject({ name: Slug }))
    .max(200)
    .default([]),
  pages: z.int().optional(),
})
const Filter = z.strictObject({ limit: Limit, id: Uuid.optional(), q: z.string().optional() })

const app = new Hono<Env>()
  .get('/notes', query(Filter), (c) => c.json(c.req.valid('query')))
  .post('/notes', body(Note), (c) => c.json({ ...c.req.valid('json'), caller: c.var.caller }, 201))
  .post('/small', body(z.strictObject({ a: z.string() }), { limitBytes: 10 }), async (c) => c.text(await c.req.text()))
  .get('/notes/:name', params(z.strictObject({ name: Slug })), noBody, (c) => c.json(c.req.valid('param')))
app.onError((error, c) => {
  if (!(error instanceof AppError)) return c.json({ code: `not an AppError: ${error}` }, 500)
  return c.json({ code: error.code, errors: error.errors }, problems[error.code].status)
})

type Refusal = { code: string; errors?: { path: string; message: string; code: string }[] }
async function refusal(response: Response | Promise<Response>): Promise<string> {
  const { code, errors } = (await (await response).json()) as Refusal
  return errors ? errors.map((error) => `${error.path}: ${error.code}`).join(', ') : code
}
const post = (path: string, text: string, type = 'application/json') =>
  app.request(path, { method: 'POST', body: text, headers: { 'Content-Type': type } })

describe('body', () => {
  test('hands the parsed value to the handler', async () => {
    const response = await post('/notes', '{"email":" Asha@Example.com ","tags":[{"name":"a"}]}')
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ email: 'asha@example.com', tags: [{ name: 'a' }] })
  })

  test('leaves the text readable', async () => {
    expect(await (await post('/small', '{"a": "b"}')).text()).toBe('{"a": "b"}')
  })

  test.each([
    ['{}', 'email: invalid-type'],
    ['{"email":"a@b.com","isAdmin":true,"role":"x"}', 'isAdmin: unrecognized-keys, role: unrecognized-keys'],
    [
      '{"email":"a@b.com","tags":[{"name":"a"},{"name":"B","x":1}]}',
      'tags.1.name: invalid-format, tags.1.x: unrecognized-keys',
    ],
    ['{"email":"nobody","pages":1e999}', 'email: custom, pages: invalid-type'],
    ['{"email":"a@b.com","__proto__":{"role":"x"}}', '__proto__: forbidden-key'],
    ['{"email":"a@b.com","email":"c@d.com"}', 'email: duplicate-key'],
    ['[]', ': invalid-type'],
    ['null', ': invalid-type'],
    ['', 'malformed-json'],
    ['{', 'malformed-json'],
  ])('refuses %j as %s', async (text, expected) => {
    expect(await refusal(post('/notes', text))).toBe(expected)
  })

  test('says plainly that a value is missing', async () => {
    expect(await (await post('/notes', '{}')).json()).toMatchObject({
      errors: [{ path: 'email', message: 'This is required.' }],
    })
  })

  test('has the limit it was given, and 64 KiB by default', async () => {
    expect(await refusal(post('/small', '{"a":"bcd"}'))).toBe('payload-too-large')
    const filled = (length: number) => `{"email":"${'x'.repeat(length - 12)}"}`
    expect(await refusal(post('/notes', filled(65_536)))).toStartWith('email: ')
    expect(await refusal(post('/notes', filled(65_537)))).toBe('payload-too-large')
  })

  test('judges the media type before the body', async () => {
    expect(await refusal(post('/notes', '{', 'text/plain'))).toBe('unsupported-media-type')
  })

  test('an answer is bounded, however much is wrong', async () => {
    const response = await post(
      '/notes',
      `{${Array.from({ length: 900 }, (_, i) => `"${'k'.repeat(50)}${i}":1`).join()}}`,
    )
    expect(((await response.json()) as Refusal).errors).toHaveLength(100)
  })
})

describe('query', () => {
  test.each([
    ['', { limit: 20 }],
    ['?', { limit: 20 }],
    ['?limit=5&', { limit: 5 }],
    ['?q=a+b%20%F0%9F%98%80%3D&limit=1', { limit: 1, q: 'a b 😀=' }],
    ['?q==x=', { limit: 20, q: '=x=' }],
    ['?q', { limit: 20, q: '' }],
    ['?id=01980F5C-5B1E-7C3A-9D0F-3C6F2B1A4E5D', { limit: 20, id: '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d' }],
  ])('reads %p', async (text, value) => {
    expect(await (await app.request(`/notes${text}`)).json()).toEqual(value)
  })

  test.each([
    ['?limit=0', 'limit: custom'],
    ['?page=2&offset=3', 'page: unrecognized-keys, offset: unrecognized-keys'],
    ['?limit=1&limit=2', 'limit: duplicate-parameter'],
    ['?limit=1&limi%74=1', 'limit: duplicate-parameter'],
    ['?q=a&q=a', 'q: duplicate-parameter'],
    ['?q[]=a', 'q[]: unrecognized-keys'],
    ['?__proto__=1', '__proto__: unrecognized-keys'],
    ['?constructor=1', 'constructor: unrecognized-keys'],
    ['?toString=1&hasOwnProperty=1', 'toString: unrecognized-keys, hasOwnProperty: unrecognized-keys'],
    ['?=1', ': unrecognized-keys'],
    ['?q=%zz', 'q: malformed-encoding'],
    ['?q=%ff', 'q: malformed-encoding'],
    ['?q=%ed%a0%80', 'q: malformed-encoding'],
    ['?%ff=1', ': malformed-encoding'],
    ['?q=%00', 'q: nul-character'],
  ])('refuses %p as %s', async (text, expected) => {
    expect(await refusal(app.request(`/notes${text}`))).toBe(expected)
  })

  test('any text is read or refused, and never an error of ours', async () => {
    const piece = fc.oneof(
      fc.constantFrom('limit', 'q', 'id', '=', '&', '%', '%00', '%ff', '+', '__proto__', '[]', '5'),
      fc.webQueryParameters(),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        expect((await app.request(`http://localhost/notes?${pieces.join('')}`)).status).toBeOneOf([200, 422])
      }),
      { numRuns: 500 },
    )
  })
})

test.each([
  ['body', () => body(z.object({ a: z.string() }))],
  ['query', () => query(z.looseObject({}))],
  ['params', () => params(z.object({ id: Uuid }))],
])('%s refuses to be built with a schema that lets unknown keys pass', (_name, build) => {
  expect(build).toThrow('z.strictObject')
})

test('a lazy schema is made once, at the first request, and must refuse unknown keys too', async () => {
  let made = 0
  const lazily = new Hono()
    .post(
      '/strict',
      body(
        z.lazy(() => {
          made++
          return z.strictObject({ a: z.string() })
        }),
      ),
      (c) => c.json(c.req.valid('json')),
    )
    .get('/query', query(z.lazy(() => z.object({ a: z.string() }))), (c) => c.json(c.req.valid('query')))
    .get('/params/:a', params(z.lazy(() => z.object({ a: z.string() }))), (c) => c.json(c.req.valid('param')))
    .post('/body', body(z.lazy(() => z.object({ a: z.string() }))), (c) => c.json(c.req.valid('json')))
  lazily.onError((error, c) => c.text(error.message, error instanceof AppError ? 422 : 500))
  expect(made).toBe(0)
  const send = (path: string, sent: unknown) =>
    lazily.request(path, {
      method: 'POST',
      body: JSON.stringify(sent),
      headers: { 'Content-Type': 'application/json' },
    })
  expect(await (await send('/strict', { a: 'x' })).json()).toEqual({ a: 'x' })
  expect((await send('/strict', { a: 'x', b: 'y' })).status).toBe(422)
  expect(made).toBe(1)
  for (const answer of [lazily.request('/query?a=x'), lazily.request('/params/x'), send('/body', { a: 'x' })])
    expect(await (await answer).text()).toContain('z.strictObject')
  await expect(generateSpecs(lazily)).rejects.toThrow('z.strictObject')
})

test('the routes document their bodies and parameters', async () => {
  const { paths } = await generateSpecs(app)
  expect(paths['/notes']?.post?.requestBody).toMatchObject({
    required: true,
    content: { 'application/json': { schema: { required: ['email'], additionalProperties: false } } },
  })
  expect(paths['/notes']?.get?.parameters).toMatchObject([
    { in: 'query', name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 100 } },
    { in: 'query', name: 'id', schema: { type: 'string', format: 'uuid' } },
    { in: 'query', name: 'q' },
  ])
  expect(paths['/notes/{name}']?.get?.parameters).toMatchObject([{ in: 'path', name: 'name', required: true }])
})

test('the typed client knows what is sent and what comes back', async () => {
  const client = hc<typeof app>('http://localhost', { fetch: app.request })
  const sent: InferRequestType<typeof client.notes.$post> = { json: { email: 'a@b.com', tags: [{ name: 'a' }] } }
  const response = await client.notes.$post(sent)
  const note: InferResponseType<typeof client.notes.$post, 201> = await response.json()
  expect(note.tags).toEqual([{ name: 'a' }])
  const listed = await client.notes.$get({ query: { limit: '5' } })
  expect((await listed.json()).limit).toBe(5)
  const named = await client.notes[':name'].$get({ param: { name: 'abc' } })
  expect((await named.json()).name).toBe('abc')
  // @ts-expect-error an unknown key
  const unknown = await client.notes.$post({ json: { email: 'a@b.com', isAdmin: true } })
  expect(unknown.status as number).toBe(422)
})
