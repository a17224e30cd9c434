import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import type { Hono } from 'hono'
import { createApp } from '../../src/app.ts'
import { asSent } from '../../src/http/middleware/sent-paths.ts'
import type { Bindings, PublicEnv } from '../../src/http/request.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'

/**
 * Messages whose end two readers might see in different places (RFC 9112), sent as bytes to the whole service. Each carries a
 * second request where a reader that disagrees would find one: it may never be answered.
 */
const app = await openTestApp()
const bindings: Bindings = {}
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  ...asSent(createApp(app.deps) as Hono<PublicEnv>, bindings),
})
bindings.server = server
afterAll(() => server.stop(true))
type Heard = { text: string; statuses: number[] }

/** Sends bytes, in pieces, and hears until the server closes; a server that keeps the connection is left after its answer. */
function send(pieces: string[], { end = false } = {}): Promise<Heard> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(server.port ?? 0, '127.0.0.1', () => {
      socket.setNoDelay()
      for (const piece of pieces) socket.write(piece, 'latin1')
      if (end) socket.end()
    })
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      // Its own last word: what would be answered after it comes in the same breath, or never.
      if (text.includes('HTTP/1.1 ')) setTimeout(() => socket.end(), 20)
    })
    socket.on('error', () => {})
    socket.on('close', () =>
      resolve({ text, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)) }),
    )
  })
}

/** What a reader that sees another end would take for a request of its own. */
const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (headers: string, body: string) =>
  `POST /v1/auth/email/resend HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers}\r\n${body}`
const sized = hidden.length.toString(16)

const smuggling: Record<string, string> = {
  'CL.TE': post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
  'TE.CL': post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `${sized}\r\n${hidden}\r\n0\r\n\r\n`),
  'TE.TE, the second unknown': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', `0\r\n\r\n${hidden}`),
  'TE.TE, twice chunked': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
  'a coding before chunked': post('Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n${hidden}`),
  'chunked before a coding': post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${hidden}`),
  'a coding of another spelling': post('Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n', hidden),
  'a space before the colon': post('Transfer-Encoding : chunked\r\nContent-Length: 0\r\n', hidden),
  'a tab before the coding': post(
    'Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n',
    `${sized}\r\n${hidden}\r\n0\r\n\r\n`,
  ),
  'a vertical tab before the coding': post('Transfer-Encoding: \u000bchunked\r\nContent-Length: 0\r\n', hidden),
  'a folded header': post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n', hidden),
  'a bare LF between headers': post('X: a\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n', hidden),
  'a bare CR between headers': post('X: a\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n', hidden),
  'two lengths': post(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden),
  'one length twice': post('Content-Length: 0\r\nContent-Length: 0\r\n', hidden),
  'a list of lengths': post('Content-Length: 0, 0\r\n', hidden),
  'a length below zero': post('Content-Length: -1\r\n', hidden),
  'a length with a sign': post('Content-Length: +0\r\n', hidden),
  'a length in hexadecimal': post('Content-Length: 0x0\r\n', hidden),
  'a length with an exponent': post('Content-Length: 0e1\r\n', hidden),
  'a length of no digit': post('Content-Length: \r\n', hidden),
  'a length beyond every number': post('Content-Length: 99999999999999999999\r\n', hidden),
  'a length that wraps': post('Content-Length: 18446744073709551616\r\n', hidden),
  'a chunk’s size beyond every number': post('Transfer-Encoding: chunked\r\n', `ffffffffffffffff1\r\n${hidden}`),
  'a chunk’s size that wraps': post('Transfer-Encoding: chunked\r\n', `10000000000000000\r\n${hidden}`),
  'a chunk’s size below zero': post('Transfer-Encoding: chunked\r\n', `-1\r\n${hidden}`),
  'a chunk’s size that is none': post('Transfer-Encoding: chunked\r\n', `zz\r\n${hidden}`),
  'a chunk’s end that is a bare LF': post('Transfer-Encoding: chunked\r\n', `2\r\n{}\n0\r\n\r\n${hidden}`),
  'a chunk longer than its size': post('Transfer-Encoding: chunked\r\n', `1\r\n{}}}\r\n0\r\n\r\n${hidden}`),
  'an extension with a line': post('Transfer-Encoding: chunked\r\n', `2;a\nb\r\n{}\r\n0\r\n\r\n${hidden}`),
  'trailers that are headers': post('Transfer-Encoding: chunked\r\n', `0\r\nContent-Length: 5\r\n\r\n${hidden}`),
  'NUL in a header': post('X: a\u0000b\r\nContent-Length: 0\r\n', hidden),
  'NUL in a header’s name': post('X\u0000: a\r\nContent-Length: 0\r\n', hidden),
  'no name of a header': post(': a\r\nContent-Length: 0\r\n', hidden),
  'a header without a colon': post('chunked\r\nContent-Length: 0\r\n', hidden),
  'two hosts': `GET /v1/plans HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${hidden}`,
  'no host': `GET /v1/plans HTTP/1.1\r\n\r\n${hidden}`,
  'a space before the first header': `GET /v1/plans HTTP/1.1\r\n Host: a\r\n\r\n${hidden}`,
  'another version': `GET /v1/plans HTTP/9.9\r\nHost: a\r\n\r\n${hidden}`,
  'no version': `GET /v1/plans\r\nHost: a\r\n\r\n${hidden}`,
  'a line feed in the target': `GET /v1/pl\nans HTTP/1.1\r\nHost: a\r\n\r\n${hidden}`,
  'a NUL in the target': `GET /v1/pl\u0000ans HTTP/1.1\r\nHost: a\r\n\r\n${hidden}`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  TLS: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  'headers of 20 KB': `GET /v1/plans HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n${hidden}`,
  '300 headers': `GET /v1/plans HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 300 }, (_, i) => `X-${i}: a\r\n`).join('')}\r\n${hidden}`,
}

describe('a message whose end can be seen in two places', () => {
  for (const [name, bytes] of Object.entries(smuggling))
    test(`${name}: refused, or closed, and what is hidden in it is no request`, async () => {
      const { text, statuses } = await send([bytes])
      // 505 is the parser's own answer to what it takes for another version.
      expect(statuses.filter((status) => status < 400 || (status >= 500 && status !== 505))).toEqual([])
      expect(statuses.length).toBeLessThanOrEqual(1)
      expect(text).not.toContain('/smuggled')
    })

  test('nothing of them was counted as a request for what is hidden', () => {
    expect(app.lines.join('')).not.toContain('smuggled')
  })
})

describe('a well-formed request', () => {
  const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`
  const json = '{"email":"asha@people.test"}'

  test.each([
    ['byte by byte', [...post(`Content-Length: ${json.length}\r\n`, json)]],
    [
      'in chunks with extensions',
      [
        post(
          'Transfer-Encoding: chunked\r\n',
          `5;a=b;c="d"\r\n${json.slice(0, 5)}\r\n${(json.length - 5).toString(16)}\r\n${json.slice(5)}\r\n0\r\n\r\n`,
        ),
      ],
    ],
    ['with spaces around a length', [post(`Content-Length:   ${json.length}  \r\n`, json)]],
  ])('%s is read', async (_, pieces) => {
    expect((await send(pieces)).statuses).toEqual([202])
  })

  test.each([
    [
      'the absolute form, whose host is not believed',
      'GET http://evil.example/v1/plans HTTP/1.1\r\nHost: a\r\n\r\n',
      200,
    ],
    ['TRACE', 'TRACE /v1/plans HTTP/1.1\r\nHost: a\r\nX-Secret: canary\r\n\r\n', 405],
    ['CONNECT, which names no path', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n', 404],
    [
      'an upgrade to HTTP/2, which is not made',
      get('/v1/plans', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
      200,
    ],
    [
      'an upgrade to WebSocket, which is not made',
      get(
        '/v1/plans',
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n',
      ),
      200,
    ],
    [
      'another method by a header',
      get('/v1/plans', 'X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\n'),
      200,
    ],
    ['HTTP/1.0', 'GET /v1/plans HTTP/1.0\r\nHost: a\r\n\r\n', 200],
  ])('%s', async (_, bytes, status) => {
    const { text, statuses } = await send([bytes])
    expect(statuses).toEqual([status])
    expect(text).not.toContain('canary')
    expect(text).not.toContain('evil.example')
  })

  test('a client that says no more is answered, or nothing was changed for it', async () => {
    for (let i = 0; i < 5; i++) {
      const { bearer } = await signedIn(app)
      const logOut = `POST /v1/auth/logout HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\nContent-Length: 0\r\n\r\n`
      const { statuses } = await send([logOut], { end: true })
      const isAlive = (await app.request('/v1/me', { bearer })).status === 200
      expect(isAlive ? [] : [204]).toEqual(statuses)
    }
  })

  test('an unknown method is refused, or the connection is closed', async () => {
    const { statuses } = await send([`FOO /v1/plans HTTP/1.1\r\nHost: a\r\n\r\n${hidden}`])
    expect(statuses.filter((status) => status < 400)).toEqual([])
  })

  test('two that ask for nothing to be changed, one behind the other, are answered in order', async () => {
    const { text } = await send([get('/v1/plans/free') + get('/v1/plans/starter', 'Connection: close\r\n')])
    expect([text.indexOf('"free"') >= 0, text.indexOf('"free"') < text.indexOf('"starter"')]).toEqual([true, true])
  })
})
