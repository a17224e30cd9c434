import { currentTracer, installTracer, type Tracer } from './tracer.ts'
import type { TracingConfig } from './variables.ts'

/** The members of the logger that are used here; its room lies above. */
type Report = { warn(members: Record<string, unknown>, message: string): void; info(message: string): void }

/**
 * Opens the configured tracer and installs it for the process. Without a configuration nothing of OpenTelemetry is
 * loaded.
 */
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
