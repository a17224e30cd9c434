import { describe, expect, test } from 'bun:test'
import { type Context, type Handler, Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { getCookie, setCookie } from 'hono/cookie'
import { etag } from 'hono/etag'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { stream, streamSSE, streamText } from 'hono/streaming'
import { timeout } from 'hono/timeout'
import { timing } from 'hono/timing'
import { openApp } from '../../src/app.ts'
import { fuse } from '../../src/http/fuse.ts'
import type { PublicEnv } from '../../src/http/request.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const { app: service, deps, lines } = await openTestApp()

type Handlers = [...MiddlewareHandler<PublicEnv>[], Handler<PublicEnv>]

/** The answer of a route with these handlers, behind everything that the service puts before its own. */
async function answer(handlers: Handlers, init: RequestInit = {}): Promise<Response> {
  const app = openApp(deps)
  app.on(['GET', 'POST'], ['/route/:id'], ...(handlers as [Handler<PublicEnv>]))
  const made = fuse(app)
  expect(made.router.name).toStartWith('fused')
  const response = await made.request('/route/7', init)
  // Whatever the handler did, what every answer has is there.
  expect(response.headers.get('x-request-id')).toBeString()
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(response.headers.get('content-security-policy')).toBeString()
  return response
}

const lastLine = () => JSON.parse(lines.at(-1) ?? '{}')

describe("a handler speaks Hono's own language", () => {
  const header = 'X-Own'
  test('c.header, before and with every kind of answer', async () => {
    const kinds: ((c: Context) => Response | Promise<Response>)[] = [
      (c) => c.json({}),
      (c) => c.text(''),
      (c) => c.html('<p>'),
      (c) => c.html(html`<p>${'x'}</p>`),
      (c) => c.body('x'),
      (c) => c.redirect('/live'),
      (c) => c.newResponse('x'),
    ]
    for (const kind of kinds) {
      const { headers } = await answer([
        (c) => {
          c.header(header, 'one')
          c.header(header, 'two', { append: true })
          return kind(c)
        },
      ])
      expect(headers.get(header)).toBe('one, two')
    }
  })

  test('c.status, and a status or an init with the answer', async () => {
    const statuses = [
      await answer([
        (c) => {
          c.status(201)
          return c.json({})
        },
      ]),
      await answer([(c) => c.json({}, 202)]),
      await answer([(c) => c.json({}, { status: 203, headers: { [header]: 'init' } })]),
      await answer([(c) => c.text('', 418, { [header]: 'init' })]),
    ]
    expect(statuses.map(({ status }) => status)).toEqual([201, 202, 203, 418])
    expect(statuses.map(({ headers }) => headers.get(header))).toEqual([null, null, 'init', 'init'])
  })

  test('a header of its own replaces a constant one', async () => {
    const own = { 'Cache-Control': 'public, max-age=5', 'X-Frame-Options': 'SAMEORIGIN' }
    for (const handler of [
      (c: Context) => c.json({}, 200, own),
      () => new Response('', { headers: own }),
      (c: Context) => {
        for (const [name, value] of Object.entries(own)) c.header(name, value)
        return c.json({})
      },
    ])
      expect(Object.fromEntries((await answer([handler])).headers)).toMatchObject({
        'cache-control': 'public, max-age=5',
        'x-frame-options': 'SAMEORIGIN',
      })
  })

  test('two cookies are two headers, however they were set', async () => {
    const ways: Handler<PublicEnv>[] = [
      (c) => c.json({}, 200, { 'Set-Cookie': ['a=1', 'b=2'] }),
      (c) => {
        c.header('Set-Cookie', 'a=1')
        c.header('Set-Cookie', 'b=2', { append: true })
        return c.json({})
      },
      async (c) => {
        setCookie(c, 'a', '1', { path: null as never })
        setCookie(c, 'b', '2', { path: null as never })
        return c.text(getCookie(c, 'c') ?? '')
      },
    ]
    for (const way of ways)
      expect((await answer([way], { headers: { Cookie: 'c=3' } })).headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test('c.redirect', async () => {
    const { status, headers } = await answer([(c) => c.redirect('/elsewhere', 303)])
    expect([status, headers.get('location')]).toEqual([303, '/elsewhere'])
  })

  test('c.notFound is a 404 of the app', async () => {
    await expectProblem(await answer([(c) => c.notFound()]), 'not-found')
  })

  test('streams, text and events', async () => {
    const streamed = await answer([(c) => stream(c, async (out) => void (await out.write('bytes')))])
    expect(await streamed.text()).toBe('bytes')
    const text = await answer([(c) => streamText(c, async (out) => void (await out.write('text')))])
    expect([text.headers.get('content-type'), await text.text()]).toEqual(['text/plain; charset=UTF-8', 'text'])
    const events = await answer([
      (c) => streamSSE(c, async (out) => void (await out.writeSSE({ data: 'one', event: 'tick' }))),
    ])
    expect([events.headers.get('content-type'), await events.text()]).toEqual([
      'text/event-stream',
      'event: tick\ndata: one\n\n',
    ])
    expect(events.headers.get('cache-control')).toBe('no-cache')
  })
})

describe('a missing answer, or an error', () => {
  test('a handler or a middleware that returns nothing is answered 500, and logged', async () => {
    for (const handlers of [
      [() => undefined as never],
      [async () => undefined as never],
      [async () => {}, (c: Context) => c.json({})],
      [async (_c: Context, next: () => Promise<void>) => void next, (c: Context) => c.json({})],
    ] as Handlers[]) {
      await expectProblem(await answer(handlers), 'internal-error')
      expect(lines.join('')).toContain('Context is not finalized')
      expect(lastLine()).toMatchObject({ level: 'error', msg: 'request', status: 500, path: '/route/:id' })
      lines.length = 0
    }
  })

  test('an HTTPException without a response is a problem document of its status', async () => {
    const thrown = async (status: number, message?: string) => {
      const response = await answer([
        () => {
          throw new HTTPException(status as 400, { message })
        },
      ])
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      return bodyOf<Record<string, unknown>>(response)
    }
    expect(await thrown(404)).toMatchObject({ status: 404, code: 'not-found' })
    expect(await thrown(401, 'Who?')).toMatchObject({ status: 401, code: 'authentication-required', detail: 'Who?' })
    expect(await thrown(418, 'No coffee.')).toMatchObject({
      type: 'about:blank',
      title: "I'm a Teapot",
      status: 418,
      code: 'im-a-teapot',
      detail: 'No coffee.',
      instance: '/route/7',
    })
    expect(JSON.stringify(await thrown(500, 'password of the database'))).not.toContain('password')
    expect(JSON.stringify(await thrown(507, 'path of a disk'))).not.toContain('disk')
  })

  test('an HTTPException with a response is answered with it', async () => {
    const response = await answer([
      () => {
        throw new HTTPException(409, { res: new Response('taken', { headers: { 'X-Own': 'yes' } }) })
      },
    ])
    expect([response.status, await response.text(), response.headers.get('x-own')]).toEqual([409, 'taken', 'yes'])
  })

  test('a thrown value that is no Error is answered 500 too', async () => {
    for (const value of ['text', undefined, null, 0, { a: 1 }])
      await expectProblem(
        await answer([
          () => {
            throw value
          },
        ]),
        'internal-error',
      )
  })

  test('app.onError and app.notFound are called, whenever they are registered', async () => {
    const app = fuse(openApp(deps).get('/', () => Promise.reject(new Error('x'))))
    app.onError((error, c) => c.text(`mine: ${error.message}`, 500)).notFound((c) => c.text('nothing', 404))
    expect(await (await app.request('/')).text()).toBe('mine: x')
    const missing = await app.request('/none')
    expect([await missing.text(), missing.headers.get('x-content-type-options')]).toEqual(['nothing', 'nosniff'])
  })
})

describe('middleware of others', () => {
  const big = (c: Context) => c.json({ text: 'x'.repeat(5_000) })

  test('compress', async () => {
    const response = await answer([compress(), big], { headers: { 'Accept-Encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    const text = new TextDecoder().decode(Bun.gunzipSync(await response.arrayBuffer()))
    expect(JSON.parse(text)).toEqual({ text: 'x'.repeat(5_000) })
  })

  test('etag', async () => {
    const first = await answer([etag(), big])
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^"[0-9a-f]+"$/)
    const again = await answer([etag(), big], { headers: { 'If-None-Match': tag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test('timing, request-id and secure-headers', async () => {
    expect((await answer([timing(), big])).headers.get('server-timing')).toContain('total')
    expect((await answer([requestId({ headerName: 'X-Trace' }), big])).headers.get('x-trace')).toMatch(
      /^[0-9a-f-]{36}$/,
    )
    const secured = await answer([secureHeaders({ xFrameOptions: 'SAMEORIGIN' }), big])
    expect(secured.headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(secured.headers.get('origin-agent-cluster')).toBe('?1')
  })

  test('timeout', async () => {
    const never: Handler = () => new Promise<Response>(() => {})
    await expectProblem(await answer([timeout(10), never]), 'deadline-exceeded')
  })

  test('on the whole app, before what is mounted, they see every answer', async () => {
    const app = openApp(deps)
    app.use(timing(), async (c, next) => {
      await next()
      c.header('X-Mine', `${c.res.status}`)
    })
    app.get('/', big).get('/broken', () => Promise.reject(new Error('x')))
    const fused = fuse(app)
    for (const [path, status] of [
      ['/', 200],
      ['/broken', 500],
    ] as const) {
      const { headers } = await fused.request(path)
      expect([headers.get('x-mine'), headers.has('server-timing')]).toEqual([String(status), true])
    }
  })
})

test('the service is fused: its routes are none that the fast router refuses', () => {
  expect(service.router.name).toContain('fused SmartRouter + RegExpRouter')
})

test('an app whose router makes its lists anew is left as it is', async () => {
  const { TrieRouter } = await import('hono/router/trie-router')
  const app = fuse(new Hono({ router: new TrieRouter() }).get('/', (c) => c.text('fine')))
  expect([app.router.name, await (await app.request('/')).text()]).toEqual(['TrieRouter', 'fine'])
})
