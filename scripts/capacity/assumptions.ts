/** Assumptions about the use of the service, not measured. They can be changed here or on the command line. */
export type Assumptions = {
  /** Share of the accounts that use the service on a day. */
  activeShare: number
  /** For each of them on that day: requests authorised from the token alone, … */
  gatedRequests: number
  /** … requests that read their own data, refreshes, and log-ins (a session lasts 30 days). */
  ownReads: number
  refreshes: number
  logIns: number
  /** Routes that each of them uses on a day, which are rows of counted use. */
  routes: number
  /** Accounts that register on a day, of all. */
  registrations: number
  /** The ratio of the busiest second to the mean of the day. */
  peak: number
  /** The utilisation of cores at that moment. */
  utilisation: number
  /** The share of the data in use, which should fit into the database's memory. */
  hotShare: number
  /**
   * Requests per second of a person when all accounts are online at once: 12,000 of 100,000, as in the replaced
   * system's load test.
   */
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
 * Milliseconds of a core for each request, of the program and of PostgreSQL, as measured in this project (`bun run
 * bench`, `bun run bench:load sizes`, docs/performance.md). `idle`: cores that scheduled work of an instance takes.
 */
export const costs = {
  gated: { program: 0.03, database: 0 },
  ownRead: { program: 0.4, database: 0.15 },
  refresh: { program: 0.7, database: 0.4 },
  /** Twelve of them are the hash. */
  logIn: { program: 14, database: 1.7 },
  registration: { program: 15, database: 1.6 },
  /** Cores of each instance: the feed, the writers of counted use, and the jobs. */
  idle: { program: 0.02, database: 0.01 },
}

/** Bytes on disk with indexes, measured by `bun run bench:load sizes` with a million accounts. */
export const bytes = {
  /** Account, subscription and consents, with the average of keys, payments and rows of providers. */
  account: 3_000,
  /** Session and token, kept for 31 days. */
  session: 620,
  /** Kept for 90 days. */
  attempt: 220,
  /** Row, personal side row and share of a checkpoint, for 365 days; then the row and the checkpoint, for good. */
  auditRow: 900,
  archivedRow: 850,
  /** Counted use of a route on a day, kept for 400 days. */
  usageRow: 205,
  /** Kept for 30 days. */
  mail: 370,
}
