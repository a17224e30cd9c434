import { expect, test } from 'bun:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import { openFakeServer } from '../support/fake-server.ts'
import { openObserved, reasonOf } from '../support/open-database.ts'

/** Signed by itself for localhost, until 2126; guards nothing. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUfOl2+yu8vV2nolvm92ERIu8/5fUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA0MjIzM1oYDzIxMjYxMDMw
MDQyMjMzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATBqV+e45FLkhADN31g4qP81j3Z/0sxSE57Dlu5R8crmxk6SyehS/dB
bTYCSRXaih9Mri1JXauSPv7Jr3wwBPwfo2kwZzAdBgNVHQ4EFgQU9wxTAdbUu1Yl
x9ykh8GOfrHmSIIwHwYDVR0jBBgwFoAU9wxTAdbUu1Ylx9ykh8GOfrHmSIIwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAPmqMhJx9hqnjDGO9E7dNSPv3nu5BcX/SqytxmkPtmzaAiBNa9MHCsX9
Qitu+L2TaIY5QFlLR2Y/PDnmkMoezLkgew==
-----END CERTIFICATE-----`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQjlHM4BoXATycn9f
pZOe8oS7pyJSPXomwQ4HViounOOhRANCAATBqV+e45FLkhADN31g4qP81j3Z/0sx
SE57Dlu5R8crmxk6SyehS/dBbTYCSRXaih9Mri1JXauSPv7Jr3wwBPwf
-----END PRIVATE KEY-----`

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
