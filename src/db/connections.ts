/** Connections of a migration or another command that runs beside the service. */
const commandConnections = 3

type Sizes = { poolMax: number; authzFeed: 'listen' | 'poll'; jobs: 'inline' | 'pg_cron' | 'off' }

/**
 * Counts the connections to PostgreSQL of an instance. `usual`: the pool, the health probe, the feed, its listener and
 * the slow jobs. `inTrouble`: the feed opens a second connection, and feed and jobs a probe each. `deploying`: two
 * instances at once, as in a rolling deployment, and a command.
 */
export function countConnections({ poolMax, authzFeed, jobs }: Sizes) {
  const [listener, slowJobs] = [authzFeed === 'listen' ? 1 : 0, jobs === 'inline' ? 1 : 0]
  const beside = 2 + listener + slowJobs
  const usual = poolMax + beside
  return { beside, usual, inTrouble: usual + 2 + slowJobs, deploying: 2 * usual + commandConnections }
}
