import { afterAll, describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/errors/app-error.ts'
import { readJsonText, refuseBody } from '../../../src/http/input/body.ts'
import { parseJson } from '../../../src/http/input/json.ts'
import { exchange } from '../socket.ts'

async function outcomeOf(act: () => Promise<unknown> | undefined): Promise<unknown> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code
  }
}

const post = (body: string | Uint8Array | ReadableStream, headers: Record<string, string> = {}) =>
  new Request('http://localhost/', { method: 'POST', body, headers })
const json = { 'content-type': 'application/json' }

const readJson = async (request: Request, limitBytes: number) => parseJson(await readJsonText(request, limitBytes))

describe('a JSON body', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json ;',
  ])('takes %p', async (type) => {
    expect(await readJson(post('[1]', { 'content-type': type }), 100)).toEqual([1])
  })

  test.each([
    'text/plain',
    'application/jsonx',
    'application/problem+json',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/json, text/plain',
    'application/json; x=1',
    '',
  ])('refuses the type %p', async (type) => {
    expect(await outcomeOf(() => readJson(post('[1]', { 'content-type': type }), 100))).toBe('unsupported-media-type')
  })

  test('refuses a body without a type, or with a content encoding', async () => {
    expect(await outcomeOf(() => readJson(post(new Uint8Array([91, 93])), 100))).toBe('unsupported-media-type')
    for (const encoding of ['gzip', 'br', 'identity']) {
      const request = post('[1]', { ...json, 'content-encoding': encoding })
      expect(await outcomeOf(() => readJson(request, 100))).toBe('unsupported-media-type')
    }
  })

  test.each([
    ['nothing', ''],
    ['a byte order mark', '\uFEFF{}'],
    ['invalid UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['an encoded surrogate', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['an overlong encoding', new Uint8Array([0x22, 0xc1, 0x81, 0x22])],
    ['UTF-16', new Uint8Array([0x5b, 0, 0x5d, 0])],
  ])('%s is malformed', async (_name, bytes) => {
    expect(await outcomeOf(() => readJson(post(bytes, json), 100))).toBe('malformed-json')
  })

  test('the limit is exact', async () => {
    const text = JSON.stringify('é'.repeat(49)) // 100 bytes
    expect(await readJson(post(text, json), 100)).toBe('é'.repeat(49))
    expect(await outcomeOf(() => readJson(post(text, json), 99))).toBe('payload-too-large')
  })

  test('a body without end is read no further than the limit', async () => {
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream({
      pull: (controller) => {
        pulled++
        controller.enqueue(new Uint8Array(1_000))
      },
      cancel: () => {
        cancelled = true
      },
    })
    expect(await outcomeOf(() => readJson(post(endless, json), 10_000))).toBe('payload-too-large')
    expect(pulled).toBeLessThan(15)
    expect(cancelled).toBe(true)
  })

  test('a body that breaks off is a bad request', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    expect(await outcomeOf(() => readJson(post(broken, json), 10_000))).toBe('bad-request')
  })
})

describe('over a socket', () => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const act = new URL(request.url).pathname === '/read' ? () => readJson(request, 1_000) : () => refuseBody(request)
      return new Response(`[${JSON.stringify(await outcomeOf(act)) ?? 'none'}]`)
    },
  })
  afterAll(() => server.stop(true))

  const length = (text: string) => `Content-Length: ${text.length}\r\n\r\n${text}`
  const chunked = (text: string) =>
    `Transfer-Encoding: chunked\r\n\r\n${text && `${text.length.toString(16)}\r\n${text}\r\n`}0\r\n\r\n`
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`

  test.each([
    ['GET', length('hello'), 'bad-request'],
    ['GET', chunked('hello'), 'bad-request'],
    ['GET', '\r\n', 'none'],
    ['GET', length(''), 'none'],
    ['DELETE', length('hello'), 'bad-request'],
    ['DELETE', chunked('hello'), 'bad-request'],
    ['DELETE', '\r\n', 'none'],
    ['DELETE', chunked(''), 'none'],
    ['PUT', chunked(''), 'none'],
    // Discarded before it can be looked at.
    ['GET', chunked(''), 'bad-request'],
    ...[chunked, length].flatMap((framed) => [
      ...['{}', '{ }', ' {}', '{}\r\n\t '].map((none) => ['POST', framed(none), 'none'] as const),
      ...['{"a":1}', '[]', 'null', '""', '{', '{}{}', ' ', '\0', `{${' '.repeat(100)}}`].map(
        (some) => ['DELETE', framed(some), 'bad-request'] as const,
      ),
    ]),
    ['GET', length('{}'), 'bad-request'],
    ['POST', chunked(''), 'none'],
    ['POST', length(''), 'none'],
    ['POST', '\r\n', 'none'],
  ])('refuseBody judges %s with %j: %s', async (method, rest, code) => {
    expect(await exchange(server, head(`${method} /`) + rest)).toEndWith(code === 'none' ? '[none]' : `["${code}"]`)
  })

  test.each([
    ['a body of known length', length('{"a":1}'), '[{"a":1}]'],
    ['a chunked body', chunked('{"a":1}'), '[{"a":1}]'],
    ['an empty body', length(''), '["malformed-json"]'],
    ['an empty chunked body', chunked(''), '["malformed-json"]'],
    ['no body', '\r\n', '["malformed-json"]'],
    ['a body as long as the limit', length(`"${'x'.repeat(998)}"`), `["${'x'.repeat(998)}"]`],
    ['a body past the limit', length(`"${'x'.repeat(999)}"`), '["payload-too-large"]'],
    ['a chunked body past the limit', chunked(`"${'x'.repeat(999)}"`), '["payload-too-large"]'],
    [
      'an announcement past the limit, before it arrives',
      'Content-Length: 100000000\r\n\r\nabc',
      '["payload-too-large"]',
    ],
  ])('of it, %s is judged', async (_name, rest, answer) => {
    expect(await exchange(server, head('POST /read') + rest)).toEndWith(answer)
  })

  test('a discarded body is never read as the next request', async () => {
    const inner = 'GET /inner HTTP/1.1\r\nHost: a\r\n\r\n'
    const bytes = `${head('GET /') + length(inner) + head('GET /')}Connection: close\r\n\r\n`
    const answers = await exchange(server, bytes, Number.POSITIVE_INFINITY)
    expect(answers.match(/\[.*?\]/g)).toEqual(['["bad-request"]', '[none]'])
  })
})
