import { describe, expect, test } from 'bun:test'
import { Hono, type MiddlewareHandler } from 'hono'
import { verifyBearer } from '../../src/auth/bearer.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { deadline } from '../../src/http/deadline.ts'
import { fuse } from '../../src/http/fuse.ts'
import { openContext } from '../../src/http/middleware/request-context.ts'
import { middleware } from '../../src/http/middleware.ts'
import { toResponse } from '../../src/http/output/on-error.ts'
import { type PublicEnv, RequestContext } from '../../src/http/request.ts'
import { givenAccount, registered } from '../support/accounts.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp } from '../support/app.ts'

const app = await openTestApp()

/** An app of one route behind these middlewares; `seen` tells what ran, in order. */
function appOf(middlewares: MiddlewareHandler<PublicEnv>[], timeoutMs = 30_000) {
  const seen: string[] = []
  const last = middleware<PublicEnv>({
    name: 'last',
    before() {
      seen.push('last step')
    },
  })
  const around = middleware<PublicEnv>({
    name: 'around',
    always: { 'X-Always': 'yes' },
    after: (c) => c.res.headers.set('X-After', 'yes'),
  })
  const inner = new Hono<PublicEnv>()
  inner.use(openContext(app.deps), around, deadline(timeoutMs, 10), ...middlewares, last)
  inner.get('/', (c) => {
    seen.push('handler')
    return c.json({ fine: true })
  })
  inner.onError(toResponse)
  fuse(inner)
  return { seen, ask: async () => inner.request('/') }
}

const waiting = (wait: () => Promise<Response | undefined>) => middleware<PublicEnv>({ name: 'waiting', before: wait })
const inTurn = () => Promise.resolve(undefined)

describe('a step that waits', () => {
  test('holds back the steps after it and the handler, and then lets them run', async () => {
    const { seen, ask } = appOf([waiting(inTurn), waiting(inTurn)])
    const answer = await ask()
    expect([answer.status, seen]).toEqual([200, ['last step', 'handler']])
    for (const name of ['x-always', 'x-after']) expect(answer.headers.get(name)).toBe('yes')
  })

  test('refuses like any other, at once or later', async () => {
    for (const wait of [() => Promise.reject(new AppError('rate-limited')), inTurn]) {
      const refusing = middleware<PublicEnv>({
        name: 'refusing',
        before: () => {
          throw new AppError('rate-limited')
        },
      })
      const { seen, ask } = appOf([waiting(wait), refusing])
      const answer = await ask()
      expect([answer.status, seen, answer.headers.get('x-after')]).toEqual([429, [], 'yes'])
    }
  })

  test('may answer itself', async () => {
    const { seen, ask } = appOf([waiting(() => Promise.resolve(new Response('mine')))])
    const answer = await ask()
    expect([await answer.text(), seen, answer.headers.get('x-after')]).toEqual(['mine', [], 'yes'])
  })

  test('is within the deadline of the request', async () => {
    const { seen, ask } = appOf([waiting(() => new Promise(() => {}))], 20)
    const answer = await ask()
    expect([answer.status, seen, answer.headers.get('x-always')]).toEqual([504, [], 'yes'])
  })
})

test('a bearer waits only where a key must be looked up: never for a token, nor for a key that is known', async () => {
  const judge = (bearer: string) => {
    const options = { server: undefined, timeoutMs: 1_000, clientIp: () => '192.0.2.1' }
    const context = new RequestContext(new Request('http://localhost/'), '/v1/me', options)
    return verifyBearer(app.deps, context, `Bearer ${bearer}`)
  }
  expect(judge((await registered(app)).accessToken)).toBeUndefined()
  const { key } = await givenApiKey(app, (await givenAccount(app)).id)
  expect(judge(`${key}x`)).toBeUndefined()
  const looking = judge(key)
  expect(looking).toBeInstanceOf(Promise)
  await looking
  expect(judge(key)).toBeUndefined()
})
