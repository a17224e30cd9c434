import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metricsOfRooms } from '../../src/room-metrics.ts'
import { openTestApp } from '../support/app.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'
import { describeWith } from '../support/tools.ts'

const root = join(import.meta.dir, '../../deploy/observability')
const read = (file: string) => Bun.file(join(root, file)).text()

type Target = { refId: string; expr: string; legendFormat: string }
type Panel = {
  id: number
  type: string
  title: string
  gridPos: Record<'x' | 'y' | 'w' | 'h', number>
  targets?: Target[]
}
const dashboard = JSON.parse(await read('dashboards/manas360.json')) as {
  uid: string
  panels: Panel[]
  annotations: { list: { expr: string }[] }
  templating: { list: { query: string | { query: string } }[] }
}
type Rules = {
  groups: { rules: { alert?: string; record?: string; expr: string; annotations?: Record<string, string> }[] }[]
}
const rules = (
  await Promise.all(['alerts.yml', 'slo.yml'].map(async (file) => Bun.YAML.parse(await read(file)) as Rules))
)
  .flatMap(({ groups }) => groups)
  .flatMap((group) => group.rules)
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const))

/** What Prometheus itself writes. */
const ofPrometheus = ['up', 'ALERTS']

/** Every series that the service exports, with everything configured that has metrics, and the labels of each. */
async function exported(): Promise<Map<string, Set<string>>> {
  const collector = openOtlpReceiver()
  const app = await openTestApp({
    BILLING_PROVIDERS: 'sandbox',
    MAIL: 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  })
  const { deps } = app
  const replica = { status: () => 'used', ageMs: () => 0, fallbacks: () => 0 } as unknown as NonNullable<
    typeof deps.replica
  >
  const redis = { isUp: () => true, losses: () => 0 } as unknown as NonNullable<typeof deps.redis>
  deps.metrics = async () => metricsOfRooms(Object.assign(Object.create(deps), { replica, redis }))
  await app.request('/v1/plans')
  const names = new Map<string, Set<string>>()
  for (const { name, kind, labels } of await deps.metrics()) {
    const all = new Set(labels)
    if (kind !== 'histogram') names.set(name, all)
    else {
      names.set(`${name}_bucket`, new Set([...labels, 'le']))
      for (const part of ['sum', 'count']) names.set(`${name}_${part}`, all)
    }
  }
  for (const line of (await (await app.request('/metrics')).text()).split('\n')) {
    const [, name = '', labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /.exec(line) ?? []
    if (name && !names.has(name))
      names.set(name, new Set([...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)))
  }
  return names
}

/** The selectors of an expression: a name with the labels that it asks for. */
function selectorsOf(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].map(([, name = '', labels = '']) => ({
    name,
    labels: [...labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }))
}

const names = await exported()
const recorded = new Set(rules.flatMap(({ record }) => record ?? []))

test('every metric in alerts, objectives and dashboard is one that the service exports, with the labels that are asked for', () => {
  const used = [
    ...rules.map(({ alert, record, expr }) => [alert ?? record ?? '', expr] as const),
    ...queries,
    ...dashboard.annotations.list.map(({ expr }) => ['annotation', expr] as const),
  ]
  const missing: string[] = []
  for (const [where, expression] of used)
    for (const { name, labels } of selectorsOf(expression)) {
      if (recorded.has(name) || ofPrometheus.includes(name)) continue
      const known = names.get(name)
      if (!known) missing.push(`${where}: ${name}`)
      else
        missing.push(
          ...labels
            .filter((label) => !known.has(label) && label !== 'job' && label !== 'instance')
            .map((label) => `${where}: ${name}{${label}}`),
        )
    }
  expect(missing).toEqual([])
})

test('no metric is named without the selector of the service’s own job', () => {
  const bare = [...rules.map(({ expr }) => expr), ...queries.map(([, expr]) => expr)].flatMap((expression) => [
    ...expression.replace(/\{[^}]*\}/g, '{}').matchAll(/\b(?:manas360|http_request|process|nodejs)_\w+\b(?!\{)/g),
  ])
  expect(bare.map(([name]) => name)).toEqual([])
})

test('everything that the service exports of itself is shown or watched', () => {
  const text = JSON.stringify(dashboard) + rules.map(({ expr }) => expr).join()
  const own = [...names.keys()]
    .filter((name) => /^(?:manas360|http)_/.test(name))
    .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))
  expect([...new Set(own)].filter((name) => !text.includes(name))).toEqual([])
})

test('no label of a metric of ours is one that Prometheus gives itself', () => {
  const taken = [...names].flatMap(([name, labels]) =>
    ['job', 'instance'].filter((label) => labels.has(label)).map(() => name),
  )
  expect(taken).toEqual([])
})

test('panels have ids of their own and places that do not overlap', () => {
  const ids = dashboard.panels.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  for (const { title, type, targets = [] } of dashboard.panels)
    if (type !== 'row')
      expect([title, new Set(targets.map(({ refId }) => refId)).size]).toEqual([title, targets.length])
  expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBeTrue()
})

test('the dashboard has a row of each part of the service', () => {
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)
  expect(rows).toEqual([
    'Objectives',
    'Requests',
    'Database',
    'Sign-in',
    'Rights, limits and quotas',
    'Mail',
    'Billing',
    'Webhooks',
    'Teams',
    'Jobs',
    'Process',
  ])
})

describeWith(['promtool'], 'prometheus')('promtool', () => {
  test('reads every query of the dashboard', async () => {
    const filled = [...queries, ...dashboard.annotations.list.map(({ expr }) => ['annotation', expr] as const)].map(
      ([, expr], index) => ({
        record: `query:${index}`,
        expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
      }),
    )
    const file = join(mkdtempSync(join(tmpdir(), 'dashboard-')), 'rules.json')
    await Bun.write(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: filled }] }))
    const child = Bun.spawn(['promtool', 'check', 'rules', file], { stdout: 'pipe', stderr: 'pipe' })
    const text = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text())
    expect([await child.exited, text]).toEqual([0, expect.stringContaining(`${filled.length} rules found`)])
  })
})
