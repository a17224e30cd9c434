import { expect, test } from 'bun:test'
import { examineTraces } from '../../src/cli/doctor-traces.ts'
import { loadConfig } from '../../src/room-config.ts'
import { testSecrets } from '../support/app.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'

const configOf = (environment: Record<string, string>) =>
  loadConfig({ ...testSecrets, DATABASE_URL: 'postgres://127.0.0.1/m', ...environment })

test('doctor says nothing of traces where none are wanted', async () => {
  expect(await examineTraces(configOf({}))).toBeNull()
})

test('doctor sends the collector an empty batch, with its headers, and says what is recorded', async () => {
  const collector = openOtlpReceiver()
  const finding = await examineTraces(
    configOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=k',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }),
  )
  expect(finding).toMatchObject({ state: 'good', detail: expect.stringContaining('traceidratio 0.25') })
  expect([collector.batches[0]?.path, collector.batches[0]?.headers.get('api-key')]).toEqual(['/v1/traces', 'k'])
})

test.each([
  [() => openOtlpReceiver(() => new Response(null, { status: 404 })).url, 'answered 404'],
  [() => 'http://127.0.0.1:1', 'does not answer'],
])('doctor names a collector that takes nothing', async (url, detail) => {
  const finding = await examineTraces(configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url() }))
  expect(finding).toMatchObject({ state: 'wrong', detail: expect.stringContaining(detail) })
})
