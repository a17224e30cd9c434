import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { z } from 'zod'
import { noInput } from '../../src/http/input/validate.ts'
import { adding, describe, refusing } from '../../src/http/openapi.ts'
import { openApiDocument } from '../../src/ops/openapi.ts'

test('headers that middleware of a route adds are in its document', async () => {
  const languages = adding(async (_: unknown, next: () => Promise<void>) => next(), ['ETag'])
  const more = adding(async (_: unknown, next: () => Promise<void>) => next(), ['Content-Disposition'])
  const app = new Hono().get(
    '/notes',
    describe('Notes', 'Notes', { 200: z.lazy(() => z.object({})) }),
    languages,
    more,
    noInput,
    (c) => c.json({}),
  )
  const { paths } = (await openApiDocument(app, 'http://localhost')) as { paths: Record<string, { get: object }> }
  expect(paths['/notes']?.get).toMatchObject({
    responses: { 200: { headers: { ETag: { $ref: '#/components/headers/ETag' }, 'Content-Disposition': {} } } },
  })
  expect(JSON.stringify(paths)).not.toContain('x-added-headers')
})

test('a middleware may add headers and refuse, and say so more than once', async () => {
  const own = async (_: unknown, next: () => Promise<void>) => next()
  const both = refusing(adding(adding(own, ['ETag']), ['Location']), ['email-taken'])
  const app = new Hono().get(
    '/notes',
    describe('Notes', 'Notes', { 200: z.lazy(() => z.object({})) }),
    both,
    noInput,
    (c) => c.json({}),
  )
  const { paths } = (await openApiDocument(app, 'http://localhost')) as { paths: Record<string, { get: object }> }
  expect(paths['/notes']?.get).toMatchObject({ responses: { 200: { headers: { ETag: {}, Location: {} } }, 409: {} } })
})
