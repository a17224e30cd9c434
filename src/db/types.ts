import type postgres from 'postgres'

/** A pool or a transaction: the first parameter of queries. */
export type Db = postgres.ISql

/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>

/** A transaction. Items pushed to `committed` go to the `onCommit` listeners after the commit. */
export type Tx = Db & {
  committed: unknown[]
  /** Runs work that is rolled back alone when it throws. */
  savepoint<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export type BeginOptions = {
  /** Commits even when the client has disconnected: a security measure must not depend on the attacker's connection. */
  evenIfAbandoned?: boolean
}
/** The pool. `begin` may run its callback again after a deadlock or a serialisation failure: it must be repeatable. */
export type Sql = Db & { begin<T>(work: (tx: Tx) => Promise<T>, options?: BeginOptions): Promise<T> }
