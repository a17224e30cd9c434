/** A change that a client requested, and the answer. */
export type Write = {
  what: 'registration' | 'profile' | 'API key' | 'trial' | 'role'
  /** The action of its one audit row. */
  action: string
  email: string
  /** The written value, where a later write overwrites it. */
  value: string
  /** One for each time that the request was sent: only repeatable requests are sent more than once. */
  requestIds: string[]
  acknowledged: boolean
}

/** A person whose registration was acknowledged. */
export type Person = {
  id: string
  email: string
  accessToken: string
  /** The latest one. */
  refreshToken: string
}

/** Everything that was acknowledged to the clients of a case, which must be true whatever else happened. */
export type Ledger = {
  writes: Write[]
  people: Person[]
  /** Acknowledged refreshes; they leave no audit row. */
  refreshes: number
  /** Writes and refreshes that were sent again, after no answer or a refusal. */
  repeated: number
  /** Sessions that had ended when they were refreshed within the promised time. */
  burnt: string[]
  /** Unsuccessful answers by status and code, or by how there was no answer. */
  errors: Map<string, number>
  slowestMs: number
}

export function openLedger(): Ledger {
  return { writes: [], people: [], refreshes: 0, repeated: 0, burnt: [], errors: new Map(), slowestMs: 0 }
}

export function acknowledgedWrites({ writes, refreshes }: Ledger): number {
  return writes.filter(({ acknowledged }) => acknowledged).length + refreshes
}

export function countError({ errors }: Pick<Ledger, 'errors'>, what: string): void {
  errors.set(what, (errors.get(what) ?? 0) + 1)
}
