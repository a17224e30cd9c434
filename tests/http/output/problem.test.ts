import { describe, expect, test } from 'bun:test'
import { HTTPException } from 'hono/http-exception'
import { AppError, invalid, type ProblemCode, problems } from '../../../src/errors/app-error.ts'
import { problemResponse } from '../../../src/http/output/problem.ts'

const codes = Object.keys(problems) as ProblemCode[]
const context = { publicUrl: 'https://api.example.com', instance: '/v1/plans', requestId: 'r-1' }

async function render(error: unknown, overrides: Partial<typeof context> = {}) {
  const { response, unexpected } = problemResponse(error, { ...context, ...overrides })
  const text = await response.text()
  return { response, unexpected, text, problem: JSON.parse(text) as Record<string, unknown> }
}

describe('a problem document', () => {
  test.each(codes)('of %s has its members in order, its one status, and is not cached', async (code) => {
    const { response, unexpected, text } = await render(new AppError(code))
    const { status, title, detail } = problems[code]
    const expected = {
      type: `https://api.example.com/problems/${code}`,
      title,
      status,
      detail,
      instance: '/v1/plans',
      code,
      requestId: 'r-1',
    }
    expect(text).toBe(JSON.stringify(expected))
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(unexpected).toBe(false)
  })

  test('carries the errors of validation, then further members', async () => {
    const { problem } = await render(
      new AppError('validation-failed', {
        detail: 'Look here.',
        errors: [{ path: 'a.0', message: 'No.', code: 'x' }],
        members: { field: 'a' },
      }),
    )
    expect(Object.keys(problem)).toEqual([
      'type',
      'title',
      'status',
      'detail',
      'instance',
      'code',
      'requestId',
      'errors',
      'field',
    ])
    expect(problem).toMatchObject({
      detail: 'Look here.',
      field: 'a',
      errors: [{ path: 'a.0', message: 'No.', code: 'x' }],
    })
    expect((await render(invalid('email', 'No.'))).problem.errors).toEqual([
      { path: 'email', message: 'No.', code: 'invalid' },
    ])
  })

  test('keeps its standard members whatever the further ones are called', async () => {
    const { response, problem } = await render(
      new AppError('not-found', { members: { status: 200, type: 'x', code: 'y', requestId: 'z', upgrade: null } }),
    )
    expect(response.status).toBe(404)
    expect(problem).toMatchObject({ status: 404, code: 'not-found', requestId: 'r-1', upgrade: null })
    expect(Object.keys(problem).at(-1)).toBe('upgrade')
  })

  test('has the headers of its error', async () => {
    const { response } = await render(
      new AppError('method-not-allowed', { headers: { Allow: 'GET, HEAD', 'content-type': 'text/html' } }),
    )
    expect(response.headers.get('allow')).toBe('GET, HEAD')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect((await render(new AppError('rate-limited', { retryAfter: 7.2 }))).response.headers.get('retry-after')).toBe(
      '8',
    )
    expect((await render(new AppError('overloaded'))).response.headers.get('retry-after')).toBe('1')
  })
})

describe('WWW-Authenticate', () => {
  test('stands on every 401 and on nothing else', async () => {
    for (const code of codes) {
      const { response } = await render(new AppError(code))
      expect([code, response.headers.has('www-authenticate')]).toEqual([code, problems[code].status === 401])
    }
  })

  test('names invalid_token when a token came that is no good, in characters that RFC 6750 allows', async () => {
    for (const code of ['invalid-token', 'token-expired', 'session-revoked', 'account-disabled'] as const) {
      const header = (await render(new AppError(code))).response.headers.get('www-authenticate')
      expect(header).toMatch(/^Bearer error="invalid_token", error_description="[\x20-\x21\x23-\x5B\x5D-\x7E]+"$/)
    }
  })

  test('names no error when no token came, or something else was refused', async () => {
    for (const code of [
      'authentication-required',
      'invalid-credentials',
      'invalid-refresh-token',
      'refresh-token-reused',
    ] as const)
      expect((await render(new AppError(code))).response.headers.get('www-authenticate')).toBe('Bearer')
  })
})

describe('an unexpected error', () => {
  const secret = 'select password_hash from user_accounts'
  const errors: unknown[] = [
    new Error(secret),
    new TypeError(secret, { cause: secret }),
    new HTTPException(400, {
      message: secret,
      res: new Response(secret, { status: 418, headers: { 'X-Leak': secret } }),
    }),
    Object.assign(new Error(secret), { code: 'not-found', status: 404, detail: secret }),
    secret,
    undefined,
    null,
    { code: 'not-found', detail: secret },
  ]

  test.each(errors.map((error, i) => [i, error]))(
    'is internal-error and tells nothing about itself (%i)',
    async (_, error) => {
      const { response, unexpected, text, problem } = await render(error)
      expect(problem).toMatchObject({ status: 500, code: 'internal-error', requestId: 'r-1' })
      expect(response.status).toBe(500)
      expect(unexpected).toBe(true)
      expect(text + JSON.stringify([...response.headers])).not.toContain('select')
    },
  )

  test('is never shown as the cause of an expected one', async () => {
    const { text } = await render(new AppError('database-unavailable', { cause: new Error(secret) }))
    expect(text).not.toContain('select')
  })

  test('is what a document that cannot be written becomes', async () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const broken: ConstructorParameters<typeof AppError>[1][] = [
      { members: { count: 1n } },
      { members: { cyclic } },
      { headers: { Allow: 'GET\r\nX-Evil: 1' } },
      { headers: { 'no name': 'x' } },
    ]
    for (const options of broken) {
      const { problem, unexpected, response } = await render(new AppError('not-found', options))
      expect(problem.code).toBe('internal-error')
      expect(unexpected).toBe(true)
      expect(response.headers.has('x-evil')).toBe(false)
    }
  })
})

describe('instance', () => {
  test.each([
    ['/v1/plans', '/v1/plans'],
    ["/a-._~!$&'()*+,;=:@b", "/a-._~!$&'()*+,;=:@b"],
    ['/a%20b%2Fc', '/a%20b%2Fc'],
    ['/50%/x%zz', '/50%25/x%25zz'],
    ['/a\r\nSet-Cookie: x\t\0\x1b[31m', '/a%0D%0ASet-Cookie:%20x%09%00%1B%5B31m'],
    ['/\u202Egnp.exe\u2028', '/%E2%80%AEgnp.exe%E2%80%A8'],
    ['/<script>"\'', "/%3Cscript%3E%22'"],
    ['/योजना/🌧', '/%E0%A4%AF%E0%A5%8B%E0%A4%9C%E0%A4%A8%E0%A4%BE/%F0%9F%8C%A7'],
    ['/lone\uD800', '/lone%EF%BF%BD'],
    ['//evil.example/a', '/.//evil.example/a'],
    ['/reset?token=secret', '/reset'],
    ['/reset#token=secret', '/reset'],
  ])('of %j is a safe reference without its query', async (instance, expected) => {
    const { problem } = await render(new AppError('not-found'), { instance })
    expect(problem.instance).toBe(expected)
    expect(new URL(expected, context.publicUrl).host).toBe('api.example.com')
  })
})
