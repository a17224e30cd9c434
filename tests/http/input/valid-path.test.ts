import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { z } from 'zod'
import { AppError, problems } from '../../../src/errors/app-error.ts'
import { Slug, Uuid } from '../../../src/http/input/fields.ts'
import { noBody, noInput, params } from '../../../src/http/input/validate.ts'

const app = new Hono()
  .get('/notes/:name', params(z.strictObject({ name: Slug })), noBody, (c) => c.json(c.req.valid('param')))
  .delete('/notes/:id', params(z.strictObject({ id: Uuid })), noInput, (c) => c.body(null, 204))
app.onError((error, c) => {
  if (!(error instanceof AppError)) throw error
  return c.json({ code: error.code, paths: error.errors?.map(({ path }) => path) }, problems[error.code].status)
})

const refusal = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json()

describe('params', () => {
  test('hands the parsed value to the handler', async () => {
    expect(await (await app.request('/notes/abc')).json()).toEqual({ name: 'abc' })
  })

  test.each(['A', 'a%00b', 'a%2fb', '%zz', '%ff', '%', 'a%20b', 'a'.repeat(64), '..%2f..', "'%20or%201=1"])(
    'a malformed name names nothing: %p',
    async (name) => {
      const response = await app.request(`/notes/${name}`)
      expect(response.status).toBe(404)
      expect(await refusal(response)).toEqual({ code: 'not-found' })
    },
  )
})

describe('noBody and noInput', () => {
  const id = '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d'
  const remove = (tail: string, body?: string) => app.request(`/notes/${id}${tail}`, { method: 'DELETE', body })

  test('let an empty request pass, whatever its type', async () => {
    expect((await remove('')).status).toBe(204)
    expect((await remove('?')).status).toBe(204)
    const typed = await app.request(`/notes/${id}`, { method: 'DELETE', headers: { 'Content-Type': 'text/plain' } })
    expect(typed.status).toBe(204)
  })

  test('refuse a body', async () => {
    expect(await refusal(remove('', '{"a":1}'))).toEqual({ code: 'bad-request' })
    expect(await refusal(app.request('/notes/a', { headers: { 'Content-Length': '2' } }))).toEqual({
      code: 'bad-request',
    })
  })

  test('noInput refuses any parameter', async () => {
    expect(await refusal(remove('?force=1&constructor=2'))).toEqual({
      code: 'validation-failed',
      paths: ['force', 'constructor'],
    })
  })
})
