import { describe, expect, test } from 'bun:test'
import { createClient } from '../../src/client.ts'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const person = await registered(app)

const sent: string[] = []
const record: typeof fetch = Object.assign(
  async (...[input, init]: Parameters<typeof fetch>) => {
    const { pathname, search } = new URL(String(input))
    sent.push(`${init?.method} ${pathname}${search}`)
    return app.app.fetch(new Request(String(input), init))
  },
  { preconnect: () => {} },
)
const client = createClient('http://localhost', { accessToken: () => person.accessToken, fetch: record })

/** What was sent meanwhile. */
async function sentBy(call: () => Promise<unknown>): Promise<string[]> {
  sent.length = 0
  await call()
  return [...sent]
}

describe('a path parameter stays one segment', () => {
  test.each([
    ['../../subscription', '..%2F..%2Fsubscription'],
    ['..\\..\\subscription', '..%5C..%5Csubscription'],
    ['%2e%2e', '%252e%252e'],
    ['%2E%2E%2Fsubscription', '%252E%252E%252Fsubscription'],
    ['.%2e', '.%252e'],
    ['..;', '..%3B'],
    ['/', '%2F'],
    ['//evil.example', '%2F%2Fevil.example'],
    ['?a=1', '%3Fa%3D1'],
    ['#x', '%23x'],
    ['x?y#z&w=1', 'x%3Fy%23z%26w%3D1'],
    [':id', '%3Aid'],
    [' \t\r\n', '%20%09%0D%0A'],
    ['\0', '%00'],
    ['आशा 😀', '%E0%A4%86%E0%A4%B6%E0%A4%BE%20%F0%9F%98%80'],
    ['index', 'index'],
    ['...', '...'],
  ])('%j', async (id, segment) => {
    sent.length = 0
    const answer = await client.v1.auth.sessions[':id'].$delete({ param: { id } })
    expect(sent).toEqual([`DELETE /v1/auth/sessions/${segment}`])
    await expectProblem(answer as unknown as Response, 'not-found')
    const url = client.v1.auth.sessions[':id'].$url({ param: { id } })
    expect(url.href).toBe(`http://localhost/v1/auth/sessions/${segment}`)
  })

  test('a hostile id cannot cancel a plan', async () => {
    const calls = await sentBy(() =>
      client.v1.auth.sessions[':id'].$delete({ param: { id: '../../subscription' } }).catch(() => {}),
    )
    expect(calls).toEqual(['DELETE /v1/auth/sessions/..%2F..%2Fsubscription'])
  })

  test.each(['', '.', '..', '\uD800', 'x\uDC00'])('%j names nothing, and nothing is sent', async (id) => {
    const call = () => client.v1.auth.sessions[':id'].$delete({ param: { id } })
    expect(await sentBy(async () => expect(call()).rejects.toThrow(TypeError))).toEqual([])
    expect(() => client.v1.auth.sessions[':id'].$url({ param: { id } })).toThrow(TypeError)
    expect(() => client.v1.auth.sessions[':id'].$path({ param: { id } })).toThrow(TypeError)
  })

  test.each([undefined, null, 7])('%p is no text', async (id) => {
    const param = { id } as unknown as { id: string }
    const call = () => client.v1.auth.sessions[':id'].$delete({ param })
    expect(await sentBy(async () => expect(call()).rejects.toThrow(TypeError))).toEqual([])
  })

  test('and does not swallow the next one', async () => {
    const param = { id: ':name', name: 'data_export' }
    const calls = await sentBy(() => client.v1.admin.users[':id'].features[':name'].$delete({ param }))
    expect(calls).toEqual(['DELETE /v1/admin/users/%3Aname/features/data_export'])
  })
})

test.each(['1&limit=2', '#', '?', '../..', 'आशा', 'a b+c', '%2e'])(
  'the query value %j arrives whole',
  async (cursor) => {
    const [call = ''] = await sentBy(() => client.v1.plans.$get({ query: { cursor } }))
    const { pathname, searchParams } = new URL(call.slice('GET '.length), 'http://localhost')
    expect([pathname, [...searchParams]]).toEqual(['/v1/plans', [['cursor', cursor]]])
  },
)

test('headers of one call do not displace the token', async () => {
  const answer = await client.v1.me.$get({}, { headers: { 'X-Request-Id': 'mine' } })
  expect([answer.status, answer.headers.get('X-Request-Id')]).toEqual([200, 'mine'])
})

test.each([null, undefined])('an accessToken that gives %p sends no bearer', async (token) => {
  const headers: (string | null)[] = []
  const note: typeof fetch = Object.assign(
    async (...[, init]: Parameters<typeof fetch>) => {
      headers.push(new Headers(init?.headers).get('authorization'))
      return Response.json({})
    },
    { preconnect: () => {} },
  )
  await createClient('http://localhost', { accessToken: async () => token, fetch: note }).v1.me.$get()
  expect(headers).toEqual([null])
})
