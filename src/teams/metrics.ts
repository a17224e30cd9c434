import type { Db } from '../db/types.ts'
import { gaugesOf, type Metric } from '../metrics/metric.ts'
import { findTeamFigures } from './surplus-queries.ts'

/** Pending work on teams, of all instances; without a database there are no samples. */
export function teamMetrics({ sql }: { sql: Db }): Metric[] {
  return gaugesOf(
    () => findTeamFigures(sql),
    [
      ['manas360_teams_surplus', 'Teams with more members than seats', 'surplus'],
      ['manas360_teams_unsettled', 'Teams whose members do not have the present plan of their owner yet', 'unsettled'],
      [
        'manas360_teams_oldest_unsettled_seconds',
        'Seconds since the longest waiting team in manas360_teams_unsettled was queued; 0 if none waits',
        'oldestSeconds',
      ],
    ],
  )
}
