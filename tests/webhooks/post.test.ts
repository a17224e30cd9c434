import { afterAll, describe, expect, spyOn, test } from 'bun:test'
import { createServer } from 'node:net'
import { parseNetwork } from '../../src/addresses/networks.ts'
import { findAddresses, type Resolver } from '../../src/webhooks/look-up.ts'
import { post } from '../../src/webhooks/post.ts'
import { loopbackNetworks } from '../../src/webhooks/reachable.ts'
import { cert, key } from '../support/certificate.ts'

const open = { networks: loopbackNetworks, inClear: true }
const closed = { networks: [], inClear: true }

/** A receiver that tells what it got. */
function receiver(answer: (request: Request) => Response | Promise<Response> = () => new Response('thanks')) {
  const requests: { url: string; method: string; headers: Record<string, string>; body: string }[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { url, method, headers } = request
      requests.push({ url, method, headers: Object.fromEntries(headers), body: await request.text() })
      return answer(request)
    },
  })
  afterAll(() => server.stop(true))
  return { requests, port: server.port ?? 0, url: `http://127.0.0.1:${server.port}/in?x=1` }
}
const failureOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'it was delivered',
    (error: Error) => error.message,
  )
const send = (url: string, options: Partial<Parameters<typeof post>[3]> = {}) =>
  post(url, { 'webhook-id': 'msg_1' }, '{"a":1}', { reach: open, milliseconds: 5_000, ...options })

describe('a message', () => {
  test('arrives as it was signed', async () => {
    const { url, requests } = receiver()
    expect(await send(url)).toEqual({ status: 200, body: 'thanks' })
    const [{ headers = {}, ...request } = { headers: undefined }] = requests
    expect(request).toEqual({ url, method: 'POST', body: '{"a":1}' })
    expect([headers['webhook-id'], headers['content-type'], headers['user-agent']]).toEqual([
      'msg_1',
      'application/json',
      'MANAS360-Webhooks/1.0',
    ])
  })

  test('is not carried where an answer redirects', async () => {
    const target = receiver()
    for (const status of [301, 302, 303, 307, 308] as const)
      expect((await send(receiver(() => Response.redirect(target.url, status)).url)).status).toBe(status)
    expect(target.requests).toEqual([])
  })

  test('has the first 1,024 bytes of a long answer, whatever they are', async () => {
    const { url } = receiver(() => new Response(new Uint8Array(5_000_000).fill(0xe0)))
    const { status, body } = await send(url)
    expect([status, body.length <= 1_024, body.isWellFormed()]).toEqual([200, true, true])
    const nul = receiver(() => new Response('a\0b'))
    expect((await send(nul.url)).body).toBe('ab')
  })

  test('is given up after its time, whether nothing comes, or never the whole head', async () => {
    const silent = receiver(() => new Promise(() => {}))
    expect(await failureOf(send(silent.url, { milliseconds: 200 }))).toBe('No whole answer came within 0.2 s.')
    const dripping = createServer((socket) => {
      socket.on('error', () => {})
      socket.write('HTTP/1.1 200 OK\r\n')
    })
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve))
    afterAll(() => dripping.close())
    const { port } = dripping.address() as { port: number }
    expect(await failureOf(send(`http://127.0.0.1:${port}/`, { milliseconds: 200 }))).toContain('No whole answer')
  })

  test('that is refused says why', async () => {
    const closedPort = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => closedPort.once('listening', resolve))
    const { port } = closedPort.address() as { port: number }
    await new Promise((resolve) => closedPort.close(resolve))
    expect(await failureOf(send(`http://127.0.0.1:${port}/`))).toBe('The connection was refused.')
    expect(
      await failureOf(
        send('https://name.invalid/', {
          resolver: () => Promise.reject(Object.assign(new Error(), { code: 'DNS_ENOTFOUND' })),
        }),
      ),
    ).toBe('The name has no address that can be reached from here.')
  })
})

describe('a name', () => {
  const leadsTo =
    (...addresses: string[]): Resolver =>
    async () =>
      addresses

  test.each([
    ...[
      '127.0.0.1',
      '127.8.8.8',
      '0.0.0.0',
      '169.254.169.254',
      '10.0.0.1',
      '172.20.0.1',
      '192.168.1.1',
      '100.100.100.200',
    ],
    ...[
      '::1',
      '::',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:0:127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
    ],
    ...['2002:7f00:1::', '2001::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%lo', 'ff02::1', 'metadata', ''],
  ])('that leads to %s is not connected to', async (address) => {
    const failure = await failureOf(
      send('https://rebound.example:8443/', { reach: closed, resolver: leadsTo(address) }),
    )
    expect(failure).toBe('The name has no address that can be reached from here.')
  })

  test('with many addresses is judged by a few of them', async () => {
    const failure = await failureOf(
      send('https://rebound.example:8443/', {
        reach: open,
        resolver: leadsTo(...Array(5_000).fill('10.0.0.1'), '127.0.0.1'),
      }),
    )
    expect(failure).toBe('The name has no address that can be reached from here.')
  })

  test('with a good and a bad address is connected to at the good one alone', async () => {
    const { seen, port } = secureReceiver()
    const resolver = leadsTo('169.254.169.254', '127.0.0.1', '::ffff:169.254.169.254')
    expect((await send(`https://localhost:${port}/`, { resolver, ca: cert })).status).toBe(200)
    expect(seen.requests).toBe(1)
  })

  test('in clear leads to this machine alone, whatever else an operator may reach', async () => {
    const private_ = [parseNetwork('10.0.0.0/8')].filter((network) => typeof network !== 'string')
    const reach = { networks: [...loopbackNetworks, ...private_], inClear: true }
    const failure = await failureOf(send('http://inside.localhost:8080/', { reach, resolver: leadsTo('10.0.0.1') }))
    expect(failure).toBe('The name has no address that can be reached from here.')
  })

  test('is looked up without a thread, of which password hashing has few', async () => {
    const lookUp = spyOn(Bun.dns, 'lookup')
    expect(await findAddresses('localhost')).toContain('127.0.0.1')
    expect(lookUp).toHaveBeenCalledWith('localhost', { backend: 'c-ares' })
    lookUp.mockRestore()
  })

  /** A receiver with a certificate for `localhost`. */
  function secureReceiver() {
    const seen = { requests: 0 }
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert, key },
      fetch() {
        seen.requests++
        return new Response('ok')
      },
    })
    afterAll(() => server.stop(true))
    return { seen, port: server.port }
  }

  test('is looked up once, and what was judged is connected to', async () => {
    const { seen, port } = secureReceiver()
    // The second look-up gives an address that must not be reached.
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    let looks = 0
    const resolver: Resolver = async () => answers[looks++] ?? []
    const url = `https://localhost:${port}/`
    expect((await send(url, { resolver, ca: cert })).status).toBe(200)
    expect([looks, seen.requests]).toEqual([1, 1])
    // No connection is kept for a name: the next attempt is judged anew.
    expect(await failureOf(send(url, { resolver, ca: cert }))).toContain(
      'The name has no address that can be reached from here.',
    )
    expect([looks, seen.requests]).toEqual([2, 1])
  })

  test('with a certificate of somebody else, or by nobody known, is not believed', async () => {
    const { seen, port } = secureReceiver()
    const resolver = leadsTo('127.0.0.1')
    for (const [name, more] of [
      ['hooks.example', { ca: cert }],
      ['localhost', {}],
    ] as const)
      expect(await failureOf(send(`https://${name}:${port}/`, { resolver, ...more }))).toContain(
        'certificate is not accepted',
      )
    expect(seen.requests).toBe(0)
  })
})
