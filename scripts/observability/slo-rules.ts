import { type Objective, objectives } from './objectives.ts'

/** Windows that alerts compare, and the intervals at which their rules are evaluated. */
const windows = [
  { every: '30s', names: ['5m', '30m', '1h', '2h'] },
  { every: '5m', names: ['6h', '1d', '3d', '30d'] },
]

type Burn = { long: string; short: string; factor: number }

/**
 * The rates at which the budget of 30 days is used up, as multiples of the even rate, over a long window and still in a
 * short one, so that an alert ends with its cause (Google's SRE Workbook, "Alerting on SLOs", table 5-8): 2 % of the
 * budget in an hour, 5 % in six; 10 % in a day or in three.
 */
const burns: Record<'Fast' | 'Slowly', { severity: string; either: [Burn, Burn] }> = {
  Fast: {
    severity: 'page',
    either: [
      { long: '1h', short: '5m', factor: 14.4 },
      { long: '6h', short: '30m', factor: 6 },
    ],
  },
  Slowly: {
    severity: 'ticket',
    either: [
      { long: '1d', short: '2h', factor: 3 },
      { long: '3d', short: '6h', factor: 1 },
    ],
  },
}

/** The least failures in a window that count: at night one request could be one of ten. */
const leastFailures = 10

const longWindows = Object.values(burns).flatMap(({ either }) => either.map(({ long }) => long))

const ratioOf = (objective: Objective, window: string): string =>
  objective.kind === 'time'
    ? `avg_over_time(slo:bad{slo="${objective.name}"}[${window}])`
    : `${objective.bad} / ${objective.total}`.replaceAll('WINDOW', window)

/** Quoted as by the formatter. */
const quoted = (text: string) => (text.includes('"') ? `'${text.replaceAll("'", "''")}'` : `"${text}"`)

/** The text of deploy/observability/slo.yml. */
export function sloRules(): string {
  return [
    '# Made by scripts/observability/write.ts from objectives.ts beside it: change that, and run it.',
    'groups:',
    '  - name: slo-now',
    '    interval: 15s',
    '    rules:',
    ...objectives.flatMap(targetRules),
    ...windows.flatMap(({ every, names }) => [
      `  - name: slo-${names[0]}`,
      `    interval: ${every}`,
      '    rules:',
      ...objectives.flatMap((objective) => names.flatMap((window) => ratioRule(objective, window))),
    ]),
    '  - name: slo-budget',
    '    interval: 5m',
    '    rules:',
    ...record('slo:budget_remaining:ratio', '1 - slo:error_ratio:30d / on (slo) (1 - slo:target)'),
    '  - name: slo-alerts',
    '    interval: 30s',
    '    rules:',
    ...objectives.flatMap((objective) => (['Fast', 'Slowly'] as const).flatMap((speed) => alertRule(objective, speed))),
    '',
  ].join('\n')
}

function targetRules(objective: Objective): string[] {
  const { name, target } = objective
  return [
    ...record('slo:target', `vector(${target})`, name),
    ...(objective.kind === 'time' ? record('slo:bad', objective.bad, name) : []),
  ]
}

function ratioRule(objective: Objective, window: string): string[] {
  const counted = objective.kind === 'events' ? objective.bad.replaceAll('WINDOW', window) : null
  return [
    ...record(`slo:error_ratio:${window}`, ratioOf(objective, window), objective.name),
    ...(counted && longWindows.includes(window) ? record(`slo:bad:${window}`, counted, objective.name) : []),
  ]
}

function record(name: string, expression: string, slo?: string): string[] {
  return [
    `      - record: ${name}`,
    `        expr: ${quoted(expression)}`,
    ...(slo ? [`        labels: { slo: ${slo} }`] : []),
  ]
}

function alertRule({ name, title, target, kind }: Objective, speed: 'Fast' | 'Slowly'): string[] {
  const { severity, either } = burns[speed]
  const over = ({ long, short, factor }: Burn) => {
    const limit = Number((factor * (1 - target)).toPrecision(6))
    const both = [long, short].map((window) => `slo:error_ratio:${window}{slo="${name}"} > ${limit}`)
    const enough = kind === 'events' ? [`slo:bad:${long}{slo="${name}"} > ${leastFailures}`] : []
    return `(${[...both, ...enough].join(' and on (slo) ')})`
  }
  return [
    `      - alert: ${name}BudgetBurns${speed}`,
    `        expr: ${quoted(either.map(over).join(' or '))}`,
    `        labels: { severity: ${severity}, slo: ${name} }`,
    '        annotations:',
    `          summary: ${quoted(`{{ $value | humanizePercentage }} broke the objective that ${target * 100} % of ${title}`)}`,
    `          runbook_url: docs/runbook.md#${name.toLowerCase()}`,
  ]
}
