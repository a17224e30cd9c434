import { expect, test } from 'bun:test'
import { createDatabase } from '../support/cluster.ts'
import { compiledProgram } from '../support/compiled.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { startServerProcess } from '../support/server-process.ts'

const binary = await compiledProgram()
const tracing = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' })

test('the compiled program traces, and sends what it has when it is stopped', async () => {
  const collector = openOtlpReceiver()
  const database = await createDatabase()
  const server = await startServerProcess(database.url, tracing(collector.url), [binary])
  const body = JSON.stringify({ email: 'nobody@people.test', password: 'x' })
  const headers = { 'Content-Type': 'application/json' }
  expect((await fetch(`${server.url}/v1/auth/login`, { method: 'POST', headers, body })).status).toBe(401)
  server.signal('SIGTERM')
  expect(await server.exited).toBe(0)
  const login = collector.spans().find(({ name }) => name === 'POST /v1/auth/login')
  expect(login?.attributes['http.response.status_code']).toBe(401)
  const trace = collector.spans().filter(({ traceId }) => traceId === login?.traceId)
  expect(trace.map(({ name }) => name)).toContain('argon2')
  expect(collector.resource()['service.version']).toBeString()
  await database.drop()
})

test('a collector that hangs delays its end by no more than SHUTDOWN_TIMEOUT_MS', async () => {
  const collector = openOtlpReceiver(() => new Promise<Response>(() => {}))
  const database = await createDatabase()
  const environment = { ...tracing(collector.url), OTEL_EXPORTER_OTLP_TIMEOUT: '60000', SHUTDOWN_TIMEOUT_MS: '2000' }
  const server = await startServerProcess(database.url, environment, [binary])
  expect((await fetch(`${server.url}/v1/plans`)).status).toBe(200)
  server.signal('SIGTERM')
  // The collector would be waited for for a minute.
  expect(await server.exitWithin(20)).toBe(0)
  expect(collector.batches.length).toBeGreaterThan(0)
  await database.drop()
})
