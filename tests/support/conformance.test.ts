import { expect, test } from 'bun:test'
import { openTestApp } from './app.ts'
import { checked } from './conformance.ts'

const { app } = await openTestApp()
const request = new Request('http://localhost/live')

test('a compressed answer is judged by what is in it', async () => {
  const plain = await app.fetch(request)
  const headers = new Headers(plain.headers)
  headers.set('Content-Encoding', 'gzip')
  const compressed = (body: string) => new Response(Bun.gzipSync(body), { headers })
  const read = await checked(app, request, compressed(await plain.text()))
  expect(await read.json()).toBeInstanceOf(Object)
  expect(checked(app, request, compressed('{"undeclared":1}'))).rejects.toThrow('is not what the OpenAPI')
})
