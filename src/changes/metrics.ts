import { gauge, type Metric } from '../metrics/metric.ts'
import type { Feed } from './feed.ts'
import type { RecentChanges } from './recent-changes.ts'

type Measured = { recentChanges: Pick<RecentChanges, 'size'>; feed: Pick<Feed, 'ageMs'> }

/** The size of RecentChanges and the age of the last read of the feed. */
export function changeMetrics({ recentChanges, feed }: Measured): Metric[] {
  return [
    gauge(
      'manas360_overlay_entries',
      'Accounts in memory whose rights changed within the life of an access token',
      () => recentChanges.size,
    ),
    gauge(
      'manas360_change_feed_age_seconds',
      'Seconds since this instance last read the changes of rights from the database',
      () => feed.ageMs() / 1000,
    ),
  ]
}
