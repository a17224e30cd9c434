import { afterAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { type Delivery, webhookEndpoints } from '../support/webhook-endpoints.ts'

const app = await openTestApp({ WEBHOOK_PRIVATE_NETWORKS: '10.99.0.0/16' })
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })
const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
const { openSender } = webhookEndpoints(app, root.bearer)
const audiences = { '/v1/webhooks': person.bearer, '/v1/admin/webhooks': root.bearer }

/** This machine, and the address at which clouds tell their secrets, in every spelling that a URL parser reads. */
const loopback = [
  ...['127.0.0.1', '2130706433', '0x7f000001', '017700000001', '0177.0.0.1', '0x7f.0x0.0x0.0x1', '127.1', '127.0.0.1.'],
  ...['%31%32%37.0.0.1', '①②⑦.0.0.1', '127。0。0。1', '0', '0.0.0.0', '[::1]', '[::]', '[::127.0.0.1]'],
  ...['[::ffff:127.0.0.1]', '[0:0:0:0:0:ffff:7f00:1]', '[::ffff:0:7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
]
const elsewhere = [
  ...['169.254.169.254', '0xA9FEA9FE', '2852039166', '[::ffff:a9fe:a9fe]', '[64:ff9b::a9fe:a9fe]', '[fd00:ec2::254]'],
  ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '3232235777', '100.64.0.1', '[fe80::1]', '[fc00::1]', '[ff02::1]'],
]
const otherwise = [
  ...['https://user:password@example.com/', 'https://user@example.com/', 'https://example.com:443@10.0.0.1/'],
  ...['https://example.com:22/', 'https://example.com:80/', 'https://example.com:442/', 'https://example.com:444/'],
  ...['https://example.com:00022/', 'https://example.com:65536/', 'https://[fe80::1%25eth0]/', 'HTTPS://10.0.0.1/'],
  ...['https:127.0.0.1/', 'https:///127.0.0.1/', 'https://example.com/\r\nX-A: b', 'file:///etc/passwd'],
  `https://example.com/${'ﷺ'.repeat(220)}x`,
]
const refused = [...[...loopback, ...elsewhere].map((host) => `https://${host}/`), ...otherwise]

describe.each(Object.entries(audiences))('an endpoint of %s', (path, bearer) => {
  test('is neither made at, nor moved to, what must not be reached', async () => {
    const json = { url: 'https://hooks.example.com/', events: ['account.updated'] }
    const { id } = await bodyOf<{ id: string }>(await request(path, { bearer, json }))
    for (const url of refused) {
      const made = await expectProblem(await request(path, { bearer, json: { ...json, url } }), 'validation-failed')
      const moved = await request(`${path}/${id}`, { method: 'PATCH', bearer, json: { url } })
      const problem = await expectProblem(moved, 'validation-failed')
      const places = [made, problem].map(({ errors }) => errors?.map((error) => error.path))
      expect([url, ...places]).toEqual([url, ['url'], ['url']])
    }
    expect((await bodyOf<{ url: string }>(await request(`${path}/${id}`, { bearer }))).url).toBe(json.url)
  })

  test('that leads there all the same is judged again when a message is sent, and nothing is connected to', async () => {
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const json = { url: `https://localhost:${port}/`, events: ['account.updated'] }
    const { id } = await bodyOf<{ id: string }>(await request(path, { bearer, json }))
    const sender = openSender()
    const errors: (string | null | undefined)[] = []
    // The name by the system's resolver; then what an earlier configuration, or another program, may have left there.
    for (const url of [
      json.url,
      `https://127.0.0.1:${port}/`,
      `https://u:p@localhost:${port}/`,
      'https://localhost:22/',
    ]) {
      await sql`update webhook_endpoints set url = ${url}, failing_since = null where id = ${id}`
      const { id: delivery } = await bodyOf<Delivery>(await request(`${path}/${id}/test`, { method: 'POST', bearer }))
      await sender.idle()
      const log = await bodyOf<{ items: Delivery[] }>(await request(`${path}/${id}/deliveries`, { bearer }))
      errors.push(log.items.find((item) => item.id === delivery)?.lastError)
    }
    expect(errors).toEqual([
      'The name has no address that can be reached from here.',
      'That address cannot be reached from here.',
      'A URL with a user or a password is not kept.',
      'Ports are 443, or 1024 and above.',
    ])
    expect(connections).toBe(0)
    await sender.stop()
    await new Promise((resolve) => server.close(resolve))
  })
})

test('a network that operators may reach is not reached by persons', async () => {
  const json = { url: 'https://10.99.2.3/', events: ['account.updated'] }
  expect((await request('/v1/admin/webhooks', { bearer: root.bearer, json })).status).toBe(201)
  await expectProblem(await request('/v1/webhooks', { bearer: person.bearer, json }), 'validation-failed')
})

test('no proxy of the environment carries a message', async () => {
  const listen = () => {
    const seen = { requests: 0 }
    const count = () => new Response(String(seen.requests++))
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: count })
    afterAll(() => server.stop(true))
    return { seen, url: `http://127.0.0.1:${server.port}` }
  }
  const [receiver, proxy] = [listen(), listen()]
  const source = `${import.meta.dir}/../../src/webhooks`
  const program = `
    import { post } from '${source}/post.ts'
    import { loopbackNetworks } from '${source}/reachable.ts'
    await post('${receiver.url}/', {}, '{}', { reach: { networks: loopbackNetworks, inClear: true }, milliseconds: 60_000 })`
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  const env = { PATH: process.env.PATH ?? '', ...Object.fromEntries(names.map((name) => [name, proxy.url])) }
  const child = Bun.spawn([process.execPath, '--no-env-file', '-e', program], { env, stderr: 'inherit' })
  expect([await child.exited, receiver.seen.requests, proxy.seen.requests]).toEqual([0, 1, 0])
})
