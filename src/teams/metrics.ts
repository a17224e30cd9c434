import type { Db } from '../db/types.ts'
import { gaugesOf, type Metric } from '../metrics/metric.ts'
import { findTeamFigures } from './surplus-queries.ts'

/** What is to be done about teams, of all instances; without a database there are no samples. */
export function teamMetrics({ sql }: { sql: Db }): Metric[] {
  return gaugesOf(
    () => findTeamFigures(sql),
    [
      ['manas360_teams_surplus', 'Teams that have more people than seats', 'surplus'],
      ['manas360_teams_unsettled', 'Teams whose members wait for what their owner shares now', 'unsettled'],
      ['manas360_teams_oldest_unsettled_seconds', 'For how long the first of them has waited', 'oldestSeconds'],
    ],
  )
}
