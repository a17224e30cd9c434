import { describe, expect, test } from 'bun:test'
import { openTestApp } from '../support/app.ts'
import { everyRoute } from '../support/every-route.ts'

const mine = 'https://app.example'
const app = await openTestApp({ ALLOWED_ORIGINS: mine })
const { routes } = await everyRoute(app)

/** What a browser, or somebody who is none, may say that a page is from. */
const origins: Record<string, boolean> = {
  [mine]: true,
  null: false,
  '*': false,
  'http://app.example': false,
  'https://app.example:443': false,
  'https://app.example.evil.example': false,
  'https://evil-app.example': false,
  'https://APP.example': false,
  'https://app.example, https://evil.example': false,
}
const exposed = ['access-control-allow-origin', 'access-control-expose-headers']
const preflightHeaders = [
  ...exposed,
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
].sort()

async function ask(path: string, method: string, origin: string, more: RequestInit = {}): Promise<Response> {
  const headers = { Origin: origin, ...(more.headers as Record<string, string>) }
  return app.app.fetch(new Request(`http://localhost${path}`, { ...more, method, headers }))
}

const corsOf = (answer: Response) =>
  [...answer.headers.keys()].filter((name) => name.startsWith('access-control-')).sort()

for (const [origin, isAllowed] of Object.entries(origins))
  describe(`from ${origin}`, () => {
    test(`a preflight of every route ${isAllowed ? 'is granted' : 'is granted nothing'}, and counts as nothing`, async () => {
      for (const { route, method, path } of routes) {
        const headers = { 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization' }
        const answer = await ask(path, 'OPTIONS', origin, { headers })
        expect([route, answer.status, corsOf(answer)]).toEqual([route, 204, isAllowed ? preflightHeaders : []])
        expect(answer.headers.get('access-control-allow-origin')).toBe(isAllowed ? origin : null)
        expect(answer.headers.get('vary')).toContain('Origin')
      }
    })

    test(`an answer of every route ${isAllowed ? 'may be read' : 'may not be read'}, also a refusal`, async () => {
      for (const { route, method, path, row } of routes) {
        // As a form sends it, without asking first.
        const body = row.json && { body: '{}', headers: { 'Content-Type': 'text/plain' } }
        const answer = await ask(path, method, origin, body)
        await answer.arrayBuffer()
        expect([route, corsOf(answer)]).toEqual([route, isAllowed ? exposed : []])
        expect([route, answer.headers.get('vary')?.includes('Origin')]).toEqual([route, true])
        expect(answer.headers.get('access-control-allow-origin')).toBe(isAllowed ? origin : null)
        // Nothing is changed by what needs no preflight: it is not let in, or not read.
        if (row.json) expect([route, [401, 404, 415].includes(answer.status)]).toEqual([route, true])
      }
    })
  })

test('no answer allows credentials, or everybody', async () => {
  for (const origin of Object.keys(origins))
    for (const path of ['/v1/plans', '/v1/me', '/nowhere', '/openapi.json']) {
      const { headers } = await ask(path, 'GET', origin)
      expect(headers.has('access-control-allow-credentials')).toBeFalse()
      expect(headers.get('access-control-allow-origin')).not.toBe('*')
      expect(headers.has('set-cookie')).toBeFalse()
    }
})

test('methods and headers that are asked for are not repeated: what is granted is a list of ours', async () => {
  const headers = { 'Access-Control-Request-Method': 'TRACE', 'Access-Control-Request-Headers': 'x-evil, cookie' }
  const answer = await ask('/v1/me', 'OPTIONS', mine, { headers })
  expect(answer.headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, PATCH, DELETE')
  expect(answer.headers.get('access-control-allow-headers')).not.toContain('x-evil')
})
