/** What people do: assumed, not measured. Whoever knows better changes them here, or on the command line. */
export type Assumptions = {
  /** Share of the accounts that use the service on a day. */
  activeShare: number
  /** Of each of them on that day: requests that are judged from the token alone, … */
  gatedRequests: number
  /** … requests that read their own data, refreshes, and log-ins (a session lasts 30 days). */
  ownReads: number
  refreshes: number
  logIns: number
  /** Routes that each of them uses on a day: rows of counted use. */
  routes: number
  /** Accounts that register on a day, of all. */
  registrations: number
  /** The busiest second beside the mean of the day. */
  peak: number
  /** How busy cores may be at that moment. */
  utilisation: number
  /** Share of the data that is in use, and should be in the database's memory. */
  hotShare: number
  /** Requests a second of somebody who is online, where everybody is at once: 12,000 of 100,000, as in the replaced system's load test. */
  onlineRequests: number
}

export const assumptions: Assumptions = {
  activeShare: 0.2,
  gatedRequests: 60,
  ownReads: 6,
  refreshes: 8,
  logIns: 0.07,
  routes: 4,
  registrations: 0.001,
  peak: 6,
  utilisation: 0.5,
  hotShare: 0.1,
  onlineRequests: 0.12,
}

/**
 * Milliseconds of a core of this project's measurements (`bun run bench`, `bun run bench:load sizes`, docs/performance.md), of
 * the program and of PostgreSQL. The service's own clocks cost an instance `idle`.
 */
export const costs = {
  gated: { program: 0.03, database: 0 },
  ownRead: { program: 0.4, database: 0.15 },
  refresh: { program: 0.7, database: 0.4 },
  /** Twelve of them are the hash. */
  logIn: { program: 14, database: 1.7 },
  registration: { program: 15, database: 1.6 },
  /** Of a core, for each instance: the feed, the writers of counted use and the jobs' look. */
  idle: { program: 0.02, database: 0.01 },
}

/** Bytes on disk, with indexes, as `bun run bench:load sizes` finds them among a million accounts. */
export const bytes = {
  /** Account, subscription, consents, and on average keys, payments and what a provider knows. */
  account: 3_000,
  /** Session and token, kept for 31 days. */
  session: 620,
  /** Kept for 90 days. */
  attempt: 220,
  /** Row, its personal side and its part of a checkpoint, for 365 days; then the row and the checkpoint, for good. */
  auditRow: 900,
  archivedRow: 850,
  /** Counted use of a route on a day, kept for 400 days. */
  usageRow: 205,
  /** Kept for 30 days. */
  mail: 370,
}
