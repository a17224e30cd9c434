type Unit = 'reqps' | 's' | 'percentunit' | 'short' | 'bytes' | 'ops' | 'bool_yes_no' | 'dtdurations'
/** A panel with its Prometheus queries by legend. */
type Panel = {
  title: string
  unit: Unit
  queries: Record<string, string>
  kind?: 'timeseries' | 'stat'
  about?: string
}
export type Row = { title: string; panels: Panel[] }

const width = 8
const height = 7

/** Panels in rows of three below the title of their row. Ids stay the same unless a panel is inserted. */
export function panelsOf(all: Row[], datasource: object) {
  const panels: object[] = []
  let id = 1
  let y = 0
  for (const row of all) {
    panels.push({
      id: id++,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    })
    y++
    for (const [index, panel] of row.panels.entries()) {
      const x = (index % 3) * width
      panels.push(
        panelOf(panel, {
          id: id++,
          datasource,
          gridPos: { x, y: y + Math.floor(index / 3) * height, w: width, h: height },
        }),
      )
    }
    y += Math.ceil(row.panels.length / 3) * height
  }
  return panels
}

function panelOf(
  { title, unit, queries, kind = 'timeseries', about }: Panel,
  placed: { id: number; datasource: object; gridPos: object },
) {
  return {
    ...placed,
    type: kind,
    title,
    ...(about && { description: about }),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(kind === 'timeseries' && {
          custom: { fillOpacity: 8, lineWidth: 1, showPoints: 'never', spanNulls: false },
        }),
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? {
            reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
            colorMode: 'value',
            graphMode: 'none',
          }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: Object.entries(queries).map(([legend, expr], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: placed.datasource,
      expr,
      legendFormat: legend,
    })),
  }
}
