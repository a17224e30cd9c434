import { gauge, type Metric } from '../metrics/metric.ts'
import type { Feed } from './feed.ts'
import type { RecentChanges } from './recent-changes.ts'

type Measured = { recentChanges: Pick<RecentChanges, 'size'>; feed: Pick<Feed, 'ageMs'> }

export function changeMetrics({ recentChanges, feed }: Measured): Metric[] {
  return [
    gauge('manas360_overlay_entries', 'Accounts whose rights changed while tokens live', () => recentChanges.size),
    gauge('manas360_change_feed_age_seconds', 'Since changes of rights were read', () => feed.ageMs() / 1000),
  ]
}
