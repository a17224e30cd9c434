import { currentTracer, installTracer, type Tracer } from './tracer.ts'
import type { TracingConfig } from './variables.ts'

/** What of the log is used here, which lies above. */
type Report = { warn(members: Record<string, unknown>, message: string): void; info(message: string): void }

/** Opens the tracer that the configuration asks for, and makes it the process's. Nothing of OpenTelemetry is loaded without one. */
export async function openTracer({ tracing }: TracingConfig, log: Report): Promise<Tracer | null> {
  if (!tracing) return null
  const { createTracer } = await import('./opentelemetry.ts')
  const tracer = createTracer(tracing, (err) => {
    if (err) log.warn({ err }, 'traces do not reach their collector; requests go on without')
    else log.info('traces reach their collector again')
  })
  installTracer(tracer)
  return {
    ...tracer,
    async close(milliseconds) {
      if (currentTracer() === tracer) installTracer(null)
      await tracer.close(milliseconds)
    },
  }
}
