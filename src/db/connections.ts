/** What a migration or another command opens while the service runs. */
const ofCommands = 3

type Sizes = { poolMax: number; authzFeed: 'listen' | 'poll'; jobs: 'inline' | 'pg_cron' | 'off' }

/**
 * How many connections to PostgreSQL an instance opens: `usual` is the pool and, beside it, the prober, the feed, its
 * listener and the slow jobs; in trouble the feed has a second connection, and feed and jobs a prober each.
 * `deploying`: two instances at once, as in a rolling deployment, and a command.
 */
export function countConnections({ poolMax, authzFeed, jobs }: Sizes) {
  const [listener, slowJobs] = [authzFeed === 'listen' ? 1 : 0, jobs === 'inline' ? 1 : 0]
  const beside = 2 + listener + slowJobs
  const usual = poolMax + beside
  return { beside, usual, inTrouble: usual + 2 + slowJobs, deploying: 2 * usual + ofCommands }
}
