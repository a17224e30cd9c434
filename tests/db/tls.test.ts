import { expect, test } from 'bun:test'
import { createSecureContext, TLSSocket } from 'node:tls'
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
