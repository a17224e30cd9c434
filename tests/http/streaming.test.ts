import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Handler } from 'hono'
import { streamSSE } from 'hono/streaming'
import { openApp } from '../../src/app.ts'
import { fuse } from '../../src/http/fuse.ts'
import { type StreamBounds, streaming } from '../../src/http/output/streaming.ts'
import type { PublicEnv } from '../../src/http/request.ts'
import { openTestApp } from '../support/app.ts'

const { deps, lines } = await openTestApp()
const ndjson = { 'Content-Type': 'application/x-ndjson' }
const piece = new Uint8Array(64 * 1024).fill(120)

beforeEach(() => {
  lines.length = 0
})

/** A service with one route, on a server that closes what is silent for a second (which takes Bun up to four). */
function serve(handler: Handler<PublicEnv>, bounds?: StreamBounds) {
  const app = openApp(deps)
  if (bounds) app.use(streaming(bounds))
  app.get('/', handler)
  const fused = fuse(app)
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 1,
    fetch: (request, served) => fused.fetch(request, { server: served }),
  })
  afterAll(() => server.stop(true))
  return server
}

function open(port: number | undefined, onData?: (socket: Socket) => void) {
  let received = ''
  const socket = connect(port ?? 0, '127.0.0.1', () =>
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n'),
  )
  const closed = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    if (received.endsWith('0\r\n\r\n')) ended.resolve(received)
    onData?.(socket)
  })
  socket.on('close', () => {
    closed.resolve()
    ended.resolve(received)
  })
  socket.on('error', () => {})
  return { socket, closed: closed.promise, received: ended.promise }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(1)
}

const outcomes = () => Object.fromEntries(deps.traffic.streams())
const isWhole = (text: string) => text.endsWith('0\r\n\r\n')

describe('a stream', () => {
  test('of events lives longer than its silence, and a slow reader is waited for', async () => {
    const events = serve((c) =>
      streamSSE(c, async (stream) => {
        await stream.writeSSE({ data: 'first' })
        await stream.sleep(6_000)
        await stream.writeSSE({ data: 'last' })
      }),
    )
    let left = 400
    const pieces = serve((c) =>
      c.body(
        new ReadableStream({ pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()) }),
        200,
        ndjson,
      ),
    )
    const silent = open(events.port)
    let paused = false
    const slow = open(pieces.port, (socket) => {
      if (paused) return
      paused = true
      socket.pause()
      setTimeout(() => socket.resume(), 6_000)
    })
    expect(isWhole(await silent.received)).toBeTrue()
    expect(await silent.received).toContain('data: last')
    expect(isWhole(await slow.received)).toBeTrue()
    silent.socket.destroy()
    slow.socket.destroy()
  })

  test('that fails is cut off, logged with its request and counted', async () => {
    const before = outcomes().failed ?? 0
    let pulls = 0
    const server = serve((c) =>
      c.body(
        new ReadableStream({
          pull(controller) {
            if (++pulls > 2) throw new Error('the table went away')
            controller.enqueue(piece)
          },
        }),
        200,
        ndjson,
      ),
    )
    const { received, closed } = open(server.port)
    expect(isWhole(await received)).toBeFalse()
    await closed
    expect(outcomes().failed).toBe(before + 1)
    const told = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')
    expect(told).toMatchObject([{ msg: 'a stream failed', requestId: 'mine', err: { message: 'the table went away' } }])
  })

  test('that nobody reads is given up, its source and its socket too', async () => {
    const before = outcomes().stalled ?? 0
    let cancelled = false
    const server = serve(
      (c) =>
        c.body(
          new ReadableStream({
            pull: (controller) => controller.enqueue(piece),
            cancel: () => {
              cancelled = true
            },
          }),
          200,
          ndjson,
        ),
      { stallMs: 300, totalMs: 60_000 },
    )
    const { socket } = open(server.port, (at) => at.pause())
    await until(() => cancelled)
    expect(outcomes().stalled).toBe(before + 1)
    expect(lines.join('')).toContain('nobody reads it any more')
    // It is closed though its reader took nothing; what was on its way by then is all that comes.
    await until(() => server.pendingRequests === 0)
    socket.destroy()
  })

  test('is given up when it takes too long altogether', async () => {
    const server = serve((c) => streamSSE(c, (stream) => new Promise((resolve) => stream.onAbort(() => resolve()))), {
      stallMs: 60_000,
      totalMs: 200,
    })
    expect(isWhole(await open(server.port).received)).toBeFalse()
    expect(lines.join('')).toContain('it took too long')
  })

  test('ends its work when its reader leaves', async () => {
    const before = outcomes().left ?? 0
    let ended = false
    async function* rows() {
      try {
        for (;;) {
          yield piece
          await Bun.sleep(1)
        }
      } finally {
        ended = true
      }
    }
    const server = serve((c) => c.body(new Response(rows() as never).body as ReadableStream, 200, ndjson))
    const { socket } = open(server.port, (at) => at.destroy())
    await until(() => ended)
    expect(socket.destroyed).toBeTrue()
    await until(() => outcomes().left === before + 1)
    expect(lines.join('')).not.toContain('"error"')
  })

  test('gives its connection back as it was', async () => {
    const set: number[] = []
    const server = { requestIP: () => null, timeout: (_: Request, seconds: number) => void set.push(seconds) }
    const app = fuse(openApp(deps).get('/', (c) => streamSSE(c, async () => {})))
    await (await app.fetch(new Request('http://localhost/'), { server })).text()
    expect(set).toEqual([0, deps.config.idleTimeoutSeconds])
  })

  test('is not begun for HEAD', async () => {
    let pulled = 0
    const app = fuse(
      openApp(deps).get('/', (c) =>
        c.body(new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 }), 200, ndjson),
      ),
    )
    const answer = await app.fetch(new Request('http://localhost/', { method: 'HEAD' }), {})
    expect([answer.headers.get('content-type'), await answer.text(), pulled]).toEqual(['application/x-ndjson', '', 0])
  })
})

test('what fails is not printed, and no source code either', () => {
  const { stdout, stderr } = Bun.spawnSync([process.execPath, join(import.meta.dir, '../support/failing-stream.ts')])
  expect([stdout.toString(), stderr.toString()]).toEqual(['cut off, a stream failed', ''])
})
