import { expect, test } from 'bun:test'
import { loadConfig } from '../../src/room-config.ts'
import { createTracer } from '../../src/tracing/opentelemetry.ts'
import { testSecrets } from '../support/app.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { until } from '../support/server-process.ts'

function tracerFor(url: string, environment: Record<string, string> = {}) {
  const { tracing } = loadConfig({
    ...testSecrets,
    DATABASE_URL: 'postgres://127.0.0.1/m',
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...environment,
  })
  if (!tracing) throw new Error('a collector is named')
  const failures: (string | null)[] = []
  return { tracer: createTracer(tracing, (failure) => failures.push(failure?.message ?? null)), failures }
}

const doneIn = (name: string, tracer: ReturnType<typeof tracerFor>['tracer']) =>
  tracer.inTrace(name, {}, async () => {})

test('batches in protobuf, the standard’s default, hold the same', async () => {
  const collector = openOtlpReceiver()
  const { tracer } = tracerFor(collector.url, { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' })
  await doneIn('a-span-of-this-name', tracer)
  await tracer.close(10_000)
  const [batch] = collector.batches
  expect(batch?.headers.get('content-type')).toBe('application/x-protobuf')
  expect(new TextDecoder().decode(batch?.body)).toContain('a-span-of-this-name')
})

test('a collector that is overloaded for a moment is asked again; one that refuses is not', async () => {
  const answers = [503, 429, 200]
  const busy = openOtlpReceiver(() => new Response(null, { status: answers.shift() ?? 200 }))
  const { tracer, failures } = tracerFor(busy.url)
  await doneIn('late', tracer)
  await tracer.close(20_000)
  expect([busy.batches.length, tracer.figures(), failures]).toEqual([
    3,
    { exported: 1, failed: 0, dropped: 0, waiting: 0 },
    [],
  ])
  const refusing = openOtlpReceiver(() => new Response(null, { status: 401 }))
  const refused = tracerFor(refusing.url)
  await doneIn('refused', refused.tracer)
  await refused.tracer.close(20_000)
  expect([refusing.batches.length, refused.tracer.figures().failed, refused.failures]).toEqual([
    1,
    1,
    ['the collector answered 401'],
  ])
})

test('while a collector hangs, spans wait up to a bound, further ones are dropped, and closing does not wait for it', async () => {
  const hanging = openOtlpReceiver(() => new Promise<Response>(() => {}))
  const { tracer, failures } = tracerFor(hanging.url, { OTEL_EXPORTER_OTLP_TIMEOUT: '60000' })
  for (let i = 0; i < 3_000; i++) await doneIn('many', tracer)
  expect(tracer.figures()).toMatchObject({ exported: 0, failed: 0, dropped: 952, waiting: 2_048 })
  await until(() => hanging.batches.length > 0, 10, 'a batch is under way')
  await tracer.close(50)
  expect(failures).toHaveLength(1)
  expect(tracer.figures()).toMatchObject({ exported: 0, failed: 2_048 })
})

test('that spans do not arrive is told once, and that they do again', async () => {
  const state = { status: 400 }
  const collector = openOtlpReceiver(() => new Response(null, { status: state.status }))
  const { tracer, failures } = tracerFor(collector.url)
  // A full batch goes out at once.
  const batch = async () => {
    const { exported, failed } = tracer.figures()
    for (let i = 0; i < 512; i++) await doneIn('one of many', tracer)
    await until(
      () => tracer.figures().exported + tracer.figures().failed === exported + failed + 512,
      10,
      'it is settled',
    )
  }
  await batch()
  await batch()
  state.status = 200
  await batch()
  expect(failures).toEqual(['the collector answered 400', null])
  await tracer.close(10_000)
})
