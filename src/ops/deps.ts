import type { Audit } from '../audit/record.ts'
import type { PasswordHasher } from '../auth/passwords.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Feed } from '../changes/feed.ts'
import type { RecentChanges } from '../changes/recent-changes.ts'
import type { InstanceConfig } from '../config/variables.ts'
import type { Database } from '../db/database.ts'
import type { Job } from '../db/job.ts'
import type { Replica } from '../db/replica.ts'
import type { Sql } from '../db/types.ts'
import type { JobRunner } from '../jobs/on-demand.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { Metric } from '../metrics/metric.ts'
import type { Redis } from '../redis/connection.ts'
import type { OpsConfig } from './variables.ts'

/** Dependencies of probes, health and metrics. */
export type OpsDeps = {
  config: OpsConfig & Pick<InstanceConfig, 'production'>
  db: Pick<Database, 'ping' | 'stats'>
  sql: Sql
  schema: { isServed: boolean }
  audit: Audit
  jobs: readonly Job[]
  jobRunner: Pick<JobRunner, 'start'>
  /** The id of this instance, among those on the same database. */
  instance: { id: string }
  mail: Pick<Outbox, 'isOn'>
  replica: Pick<Replica, 'status' | 'ageMs'> | null
  redis: Pick<Redis, 'isUp'> | null
  catalogue: { current: Catalogue }
  recentChanges: Pick<RecentChanges, 'size'>
  feed: Pick<Feed, 'isStale' | 'ageMs'>
  passwords: Pick<PasswordHasher, 'stats'>
  lifecycle: { draining: boolean }
  /** The metrics of all rooms; one function for each instance. */
  metrics: () => Promise<readonly Metric[]>
}
