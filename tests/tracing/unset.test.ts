import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { everywhere } from '../../src/app.ts'
import { currentTracer } from '../../src/tracing/tracer.ts'
import { openTestApp } from '../support/app.ts'

test('without a collector no middleware is there for traces, and with one there is one', async () => {
  const { deps } = await openTestApp()
  expect([deps.tracer, currentTracer()]).toEqual([null, null])
  const traced = { ...deps, tracer: {} as NonNullable<typeof deps.tracer> }
  expect(everywhere(traced).length - everywhere(deps).length).toBe(1)
})

test('all files of the program, evaluated, load nothing of OpenTelemetry', async () => {
  const source = join(import.meta.dir, '../../src')
  const script = `
    await Promise.all(['server.ts', 'app.ts', 'room-metrics.ts'].map((file) => import(${JSON.stringify(`${source}/`)} + file)))
    const loaded = Object.keys(require.cache)
    console.log(loaded.filter((path) => path.includes('@opentelemetry')).length, loaded.length)`
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' })
  const [ofOpenTelemetry, all] = (await new Response(child.stdout).text()).trim().split(' ').map(Number)
  expect([await child.exited, ofOpenTelemetry]).toEqual([0, 0])
  expect(all).toBeGreaterThan(100)
})
