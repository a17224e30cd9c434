import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { z } from 'zod'
import { noInput } from '../../src/http/input/validate.ts'
import { adding, describe } from '../../src/http/openapi.ts'
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
