import { afterAll, describe, expect, test } from 'bun:test'
import { checkFraming, requestId } from '../../../src/http/middleware/framing.ts'
import { exchange } from '../socket.ts'

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    const error = checkFraming(request)
    if (!error) new URL(request.url.startsWith('/') || request.method === 'CONNECT' ? 'http://a' : request.url) // must not throw
    return new Response(`[${error?.code ?? 'good'}]`)
  },
})
afterAll(() => server.stop(true))

describe('over a socket', () => {
  test.each([
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n'],
    ['one host twice', 'GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n'],
    ['no host', 'GET / HTTP/1.0\r\n\r\n'],
    ['an empty host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
    ...[
      'a b',
      'a/b',
      'a@b',
      'user:pass@a',
      'a?b',
      'a#b',
      'a,b',
      'a\\b',
      '"a"',
      'a%00b',
      'é',
      '[::1',
      '[::::]',
      '1.2.3.999',
      'a:b',
      'a:99999',
      'a:1:2',
      'x'.repeat(300),
    ].map((host) => [`the host ${host.slice(0, 12)}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`] as const),
    ['a length twice', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc'],
    ['a length twice on GET', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a target of 8 KiB', `GET /${'a'.repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a query of 8 KiB', `GET /?${'a'.repeat(8_192)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a fragment', 'GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s is a bad request', async (_name, bytes) => {
    expect(await exchange(server, bytes)).toEndWith('[bad-request]')
  })

  test.each([
    ...[
      'a',
      'api.example.com',
      'A.Example:3000',
      'my_service:80',
      '127.0.0.1:3000',
      '[::1]:3000',
      'xn--mnchen-3ya.de',
      'a:',
    ].map((host) => [`the host ${host}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`] as const),
    ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'],
    ['a long query', `GET /?${'a'.repeat(8_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['the absolute form', 'GET http://b.example/x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ...['//evil.com/a', '/a//b', '/a%00b', '/a%2Fb', '/a%zz', '/a%', '/%ff', '/a?x=%zz'].map(
      (path) =>
        [`the path ${path}, which is the router's to judge`, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`] as const,
    ),
    ['TRACE, which the method check judges', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['CONNECT, which the method check judges', 'CONNECT b:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s is no framing error', async (_name, bytes) => {
    expect(await exchange(server, bytes)).toEndWith('[good]')
  })
})

test('a host is judged anew although the one before was good', () => {
  const judge = (host: string) => checkFraming(new Request('http://a/', { headers: { host } }))?.code
  expect([judge('a'), judge('a, a'), judge('a'), judge('a/b'), judge('b')]).toEqual([
    undefined,
    'bad-request',
    undefined,
    'bad-request',
    undefined,
  ])
})

test('a request that crossed no socket needs no host', () => {
  expect(checkFraming(new Request('http://localhost/live'))).toBeUndefined()
})

describe('requestId', () => {
  test.each(['a', 'A.b_c-9', 'x'.repeat(128)])('keeps %p', (id) => {
    expect(requestId(id)).toBe(id)
  })

  test.each([null, '', 'x'.repeat(129), 'a b', 'a\n', 'a\r\nb', 'é', 'a, b', '<b>', '%0a'])(
    'replaces %j by a fresh UUIDv7',
    (id) => {
      const fresh = requestId(id)
      expect(fresh).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(requestId(id)).not.toBe(fresh)
    },
  )
})
