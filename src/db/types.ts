import type postgres from 'postgres'

/** A pool or a transaction: what a query takes first. */
export type Db = postgres.ISql

/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>

/** A transaction. What is pushed to `committed` goes to the `onCommit` listeners once the commit succeeded. */
export type Tx = Db & {
  committed: unknown[]
  /** Work that is undone alone when it throws. */
  savepoint<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export type BeginOptions = {
  /** Commits even when the client of the request left meanwhile: what answers an attack must not depend on the attacker. */
  evenIfAbandoned?: boolean
}
/** The pool. `begin` may run its callback again after a deadlock or a serialisation failure: it must be repeatable. */
export type Sql = Db & { begin<T>(work: (tx: Tx) => Promise<T>, options?: BeginOptions): Promise<T> }
