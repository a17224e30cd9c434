import type { Registry } from 'prom-client'
import { version } from '../config/version.ts'
import type { Metric } from '../metrics/metric.ts'
import type { OpsDeps } from './deps.ts'
import { checkReadiness } from './health.ts'
import { registerHistogram } from './histogram.ts'

type Library = typeof import('prom-client')
/** One registry for each instance, made at the first scrape, because loading the library takes start-up time. */
const registries = new WeakMap<OpsDeps['metrics'], Promise<Registry>>()

/** The metrics of all rooms in the text format of Prometheus. */
export async function readMetrics(deps: OpsDeps): Promise<{ body: string; contentType: string }> {
  const { metrics } = deps
  const opening =
    registries.get(metrics) ?? metrics().then((ofRooms) => openRegistry([buildInfo, readiness(deps), ...ofRooms]))
  registries.set(metrics, opening)
  const registry = await opening
  return { body: await registry.metrics(), contentType: registry.contentType }
}

async function openRegistry(metrics: readonly Metric[]): Promise<Registry> {
  const library = await import('prom-client')
  const registry = new library.Registry()
  library.collectDefaultMetrics({ register: registry })
  // Gauges with the name of a counter, which the linter of Prometheus refuses; they are also reported by kind under
  // another name.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`)
  for (const metric of metrics) register(library, registry, metric)
  return registry
}

/** The checks of `/ready`, for which the database is queried once more. */
function readiness(deps: OpsDeps): Metric {
  return {
    kind: 'gauge',
    name: 'manas360_ready',
    help: '1 if a check of /ready passes, else 0, by check',
    labels: ['check'],
    read: async () =>
      Object.entries(await checkReadiness(deps)).map(([check, { status }]) => [{ check }, Number(status === 'ok')]),
  }
}

const buildInfo: Metric = {
  kind: 'gauge',
  name: 'manas360_build_info',
  help: 'Always 1; the labels are the version and the commit of the running program',
  labels: ['version', 'commit'],
  read: () => [[{ version: version.version, commit: version.commit }, 1]],
}

function register(library: Library, registry: Registry, metric: Metric): void {
  const { name, help } = metric
  const shown = { name, help, labelNames: metric.labels, registers: [registry] }
  switch (metric.kind) {
    case 'counter':
      new library.Counter({
        ...shown,
        collect() {
          this.reset()
          for (const [labels, value] of metric.read()) this.inc(labels, value)
        },
      })
      return
    case 'gauge':
      new library.Gauge({
        ...shown,
        async collect() {
          const samples = await metric.read()
          this.reset()
          for (const [labels, value] of samples) this.set(labels, value)
        },
      })
      return
    case 'histogram':
      registerHistogram(library, registry, metric)
      return
    default: {
      const missing: never = metric
      throw new Error(`no metric of ${missing}`)
    }
  }
}
