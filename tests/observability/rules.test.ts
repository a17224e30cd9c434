import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWith } from '../support/tools.ts'
import { alertCases, type Case } from './alert-cases.ts'

const directory = join(import.meta.dir, '../../deploy/observability')
const ruleFiles = ['alerts.yml', 'slo.yml'].map((file) => join(directory, file))
type Rule = {
  alert?: string
  record?: string
  expr: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}
const rules = (
  await Promise.all(
    ruleFiles.map(
      async (file) => (Bun.YAML.parse(await Bun.file(file).text()) as { groups: { rules: Rule[] }[] }).groups,
    ),
  )
)
  .flat()
  .flatMap(({ rules }) => rules)
const alerts = rules.filter(({ alert }) => alert)
const runbook = await Bun.file(join(directory, '../../docs/runbook.md')).text()

async function promtool(...args: string[]): Promise<[code: number, text: string]> {
  const child = Bun.spawn(['promtool', ...args], { stdout: 'pipe', stderr: 'pipe' })
  const text = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text())
  return [await child.exited, text]
}

test('what scripts/observability makes is what lies in deploy/observability', async () => {
  const script = join(import.meta.dir, '../../scripts/observability/write.ts')
  const child = Bun.spawn([process.execPath, script, '--check'], { stderr: 'pipe' })
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ''])
})

test('every alert has cases in which it fires and in which it is silent, and no other has', () => {
  expect(Object.keys(alertCases).sort()).toEqual(alerts.map(({ alert }) => alert ?? '').sort())
})

test('every alert says what is the matter, how urgent it is, and where its section of the runbook is', () => {
  const sections = new Set(
    [...runbook.matchAll(/^#{2,4} (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-')),
  )
  for (const { alert, labels, annotations } of alerts) {
    expect([alert, labels?.severity]).toEqual([alert, expect.stringMatching(/^(?:page|ticket)$/)])
    expect([alert, (annotations?.summary?.length ?? 0) > 10]).toEqual([alert, true])
    const [page, anchor = ''] = annotations?.runbook_url?.split('#') ?? []
    expect([alert, page, sections.has(anchor)]).toEqual([alert, 'docs/runbook.md', true])
  }
})

test('every section of the runbook about an alert names what to look at and what to do', () => {
  const anchors = new Set(alerts.map(({ annotations }) => annotations?.runbook_url?.split('#')[1] ?? ''))
  for (const section of runbook.split(/^(?=#{2,4} )/m)) {
    const title = section.slice(0, section.indexOf('\n')).replace(/^#+ /, '').toLowerCase()
    if (!anchors.has(title)) continue
    for (const part of ['**Means**', '**Look**', '**Do**'])
      expect([title, section.includes(part)]).toEqual([title, true])
  }
})

describeWith(['promtool'], 'prometheus')('promtool', () => {
  test('accepts configuration and rules', async () => {
    const [code, text] = await promtool('check', 'config', '--syntax-only', join(directory, 'prometheus.yml'))
    expect([code, text]).toEqual([0, expect.stringContaining('SUCCESS')])
    const [rulesCode, rulesText] = await promtool('check', 'rules', ...ruleFiles)
    expect([rulesCode, rulesText]).toEqual([0, expect.stringContaining('SUCCESS')])
  })

  test.each(Object.keys(alertCases))('%s fires when it must, and is silent when it must', async (name) => {
    const { fires, silent } = alertCases[name] ?? { silent: [] }
    const cases = [...(fires ? [[fires, true] as const] : []), ...silent.map((one) => [one, false] as const)]
    const directory = mkdtempSync(join(tmpdir(), 'rules-'))
    const files = cases.map(async ([one, expected], index) => {
      const interval = one.interval ?? '1m'
      await Bun.write(join(directory, `rules-${index}.json`), JSON.stringify(rulesOf(name, interval)))
      const file = join(directory, `test-${index}.json`)
      const content = {
        rule_files: [`rules-${index}.json`],
        evaluation_interval: interval,
        tests: [toTest(name, one, expected)],
      }
      await Bun.write(file, JSON.stringify(content))
      return file
    })
    const [code, text] = await promtool('test', 'rules', ...(await Promise.all(files)))
    expect([code, text]).toEqual([0, expect.stringContaining('SUCCESS')])
  })
})

/** The rule of an alert with what it is computed from, as they stand in the files, evaluated as often as the case has samples. */
function rulesOf(name: string, interval: string) {
  const { expr = '', labels: of } = alerts.find(({ alert }) => alert === name) ?? {}
  const isUsed = ({ record = '', labels }: Rule) =>
    labels?.slo === of?.slo && (record === 'slo:bad' || expr.includes(`${record}{`))
  const needed = rules.filter((rule) => rule.alert === name || (of?.slo && rule.record && isUsed(rule)))
  return { groups: [{ name: 'needed', interval, rules: needed }] }
}

/** JSON is YAML, too. */
function toTest(name: string, { series, at, interval = '1m' }: Case, fires: boolean) {
  return {
    interval,
    input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values })),
    promql_expr_test: [
      {
        expr: `(count(ALERTS{alertname="${name}", alertstate="firing"}) > bool 0) or vector(0)`,
        eval_time: at,
        exp_samples: [{ labels: '{}', value: fires ? 1 : 0 }],
      },
    ],
  }
}
