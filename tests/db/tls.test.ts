import { expect, test } from 'bun:test'
import { createSecureContext, rootCertificates, TLSSocket } from 'node:tls'
import { readAuthorities } from '../../src/db/tls.ts'
import { cert, key } from '../support/certificate.ts'
import { openFakeServer } from '../support/fake-server.ts'
import { openObserved, reasonOf } from '../support/open-database.ts'

/** Agrees to TLS, then tells what the client says inside, if it says anything. */
async function openTlsServer() {
  const heard: string[] = []
  const server = await openFakeServer((socket) => {
    socket.once('data', () => {
      socket.write('S')
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) })
      secure.on('error', () => {})
      secure.once('data', (data) => {
        heard.push(data.toString('latin1'))
        secure.destroy()
      })
    })
  })
  return { ...server, url: server.url.replace('127.0.0.1', 'localhost'), heard }
}

test('verify-full says nothing to a server whose certificate nobody vouches for', async () => {
  const server = await openTlsServer()
  const database = openObserved(server.url, { ssl: 'verify-full', acquireTimeoutMs: 50 })
  expect(await reasonOf(database.ping())).toMatchObject({ code: 'database-unavailable' })
  expect(server.connects()).toBeGreaterThan(0)
  expect(server.heard).toEqual([])
  await server.close()
})

test('require encrypts without asking who it is', async () => {
  const server = await openTlsServer()
  const database = openObserved(server.url, { ssl: 'require', acquireTimeoutMs: 50 })
  expect(await reasonOf(database.ping())).toMatchObject({ code: 'database-unavailable' })
  expect(server.heard[0]).toContain('somebody')
  await server.close()
})

const [publicAuthority = ''] = rootCertificates

test('DB_CA is believed alone, and only for the host that the certificate names', async () => {
  const server = await openTlsServer()
  const ping = (url: string, ca: string[]) =>
    reasonOf(openObserved(url, { ssl: { ca }, acquireTimeoutMs: 50 }).ping()).then(() => server.heard.length)
  expect(await ping(server.url, [publicAuthority])).toBe(0)
  expect(await ping(server.url.replace('localhost', '127.0.0.1'), [cert])).toBe(0)
  expect(server.connects()).toBeGreaterThan(1)
  expect(await ping(server.url, [publicAuthority, cert])).toBeGreaterThan(0)
  await server.close()
})

test('DB_CA is a bundle, inline or in a file, on several lines or one', async () => {
  const bundle = `# ours\n${cert}\n${publicAuthority}\n`
  const file = `${import.meta.dir}/../../node_modules/.cache/bundle-${crypto.randomUUID()}.pem`
  await Bun.write(file, bundle)
  try {
    for (const given of [bundle, bundle.replaceAll('\n', '\\n'), `file:${file}`])
      expect(readAuthorities(given)).toEqual([cert, publicAuthority])
  } finally {
    await Bun.file(file).delete()
  }
  for (const [given, said] of [
    ['', /must hold certificates/],
    [key, /must hold certificates/],
    [`${cert}\n${cert.replace('BAUwAwEB', 'BAUwAwEA')}`, /number 2 is none/],
    ['file:/no/such/file', /ENOENT/],
  ] as const)
    expect(() => readAuthorities(given)).toThrow(said)
})
