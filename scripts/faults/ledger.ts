/** A change that a client asked for, and what it was told. */
export type Write = {
  what: 'registration' | 'profile' | 'API key' | 'trial' | 'role'
  /** The action of the one audit row that it leaves. */
  action: string
  email: string
  /** What was written, where a later write overwrites it. */
  value: string
  /** One for each time that the request was sent: only what may be repeated is sent more than once. */
  requestIds: string[]
  acknowledged: boolean
}

/** Somebody whose registration was acknowledged. */
export type Person = {
  id: string
  email: string
  accessToken: string
  /** The last that was given. */
  refreshToken: string
}

/** What the clients of a case were told. Whatever else happened, this must be true. */
export type Ledger = {
  writes: Write[]
  people: Person[]
  /** Refreshes that were acknowledged; they leave no audit row. */
  refreshes: number
  /** Writes and refreshes that were sent again, because no answer came or a refusal. */
  repeated: number
  /** Sessions that a refresh within the promised time found dead. */
  burnt: string[]
  /** What was answered instead of a success: status and code, or how there was no answer. */
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
