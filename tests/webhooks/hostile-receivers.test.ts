import { afterAll, describe, expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { post } from '../../src/webhooks/post.ts'
import { loopbackNetworks } from '../../src/webhooks/reachable.ts'
import { until } from '../support/server-process.ts'

const reach = { networks: loopbackNetworks, inClear: true }
const milliseconds = 60_000

/** Writes it again and again, as fast as it is taken. */
const endlessly = (piece: string) => (socket: Socket) => {
  const write = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', write)
  write()
}
const after = (head: string, then: (socket: Socket) => void) => (socket: Socket) => {
  socket.write(head)
  then(socket)
}
const says = (text: string | Buffer) => (socket: Socket) => void socket.write(text)
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const bomb = gzipSync(Buffer.alloc(20_000_000))

/** Speaks over the bare connection once a request came. `open`: connections that are not closed yet. */
async function receiver(behave: (socket: Socket) => void) {
  const open = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.once('data', () => behave(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}/`, open, connections: () => connections }
}

const outcomeOf = (url: string, deadline = milliseconds) =>
  post(url, {}, '{}', { reach, milliseconds: deadline }).then(
    ({ status, body }) => [status, body.length],
    (error: Error) => error.message,
  )

describe('an attempt ends long before its time, and closes its connection, when the receiver sends', () => {
  test.each<[string, (socket: Socket) => void, unknown]>([
    ['a body without an end', after('HTTP/1.1 200 OK\r\n\r\n', endlessly('a'.repeat(60_000))), [200, 1_024]],
    ['chunks without an end', after(chunked, endlessly('1\r\na\r\n'.repeat(99))), [200, 1_024]],
    ['a chunk’s extension without an end', after(`${chunked}1;x=`, endlessly('b'.repeat(9_999))), /no HTTP/],
    ['trailers without an end', after(`${chunked}0\r\n`, endlessly('X-A: b\r\n'.repeat(99))), /16 KiB/],
    ['a header without an end', after('HTTP/1.1 200 OK\r\nX-A: ', endlessly('b'.repeat(9_999))), /16 KiB/],
    ['headers without an end', after('HTTP/1.1 200 OK\r\n', endlessly('X-A: b\r\n'.repeat(99))), /16 KiB/],
    ['a status line without an end', after('HTTP/1.1 200 ', endlessly('b'.repeat(9_999))), /16 KiB/],
    ['no HTTP', endlessly('\0'.repeat(9_999)), /no HTTP/],
    ['empty lines without an end', endlessly('\r\n'.repeat(9_999)), 'The receiver sent much, and no answer.'],
    [
      'interim answers without an end',
      endlessly('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(99)),
      'The receiver sent much, and no answer.',
    ],
    [
      'another protocol, and much of it',
      after('HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n', endlessly('a'.repeat(9_999))),
      [101, 0],
    ],
    [
      'a compressed bomb, which stays compressed',
      says(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n'), bomb])),
      [200, expect.any(Number)],
    ],
    ['a redirect to itself', says('HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'), [307, 0]],
    [
      'an answer, and keeps the connection',
      says(
        'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno',
      ),
      [200, 2],
    ],
    ['a length below nothing', says('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na'), /no HTTP/],
    ['half of an answer', (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Le'), /closed before/],
    [
      'less than it said',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na'),
      /closed before/,
    ],
    ['nothing, and closes', (socket) => void socket.destroy(), /closed before/],
  ])('%s', async (_name, behave, expected) => {
    const { url, open, connections } = await receiver(behave)
    const outcome = await outcomeOf(url)
    if (expected instanceof RegExp) expect(outcome).toMatch(expected)
    else expect(outcome).toEqual(expected as never)
    await until(() => open.size === 0, 20, 'the connection is closed')
    expect(connections()).toBe(1)
  })
})

describe('an attempt ends at its time, and closes its connection, when the receiver', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => {}],
    ['never ends its head', says('HTTP/1.1 200 OK\r\nX-A: b\r\n')],
    ['never ends its body', says('HTTP/1.1 200 OK\r\nContent-Length: 9007199254740991\r\n\r\na')],
    ['says that there will be more', says('HTTP/1.1 100 Continue\r\n\r\n')],
  ])('%s', async (_name, behave) => {
    const { url, open } = await receiver(behave)
    expect(await outcomeOf(url, 200)).toBe('No whole answer came within 0.2 s.')
    await until(() => open.size === 0, 20, 'the connection is closed')
  })

  test('never ends the handshake of TLS', async () => {
    const { url, open } = await receiver(() => {})
    expect(await outcomeOf(url.replace('http', 'https'), 200)).toBe('No whole answer came within 0.2 s.')
    await until(() => open.size === 0, 20, 'the connection is closed')
  })

  test('has a name that is never found', async () => {
    const resolver = () => new Promise<string[]>(() => {})
    const failure = await post('https://hooks.example/', {}, '{}', { reach, milliseconds: 50, resolver }).catch(String)
    expect(failure).toContain('No whole answer came within 0.05 s.')
  })
})
