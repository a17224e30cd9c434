/** So many are told; whoever finds more has seen enough. */
const MaxFaults = 20

export type Faults = ReturnType<typeof createFaults>

/** What a walk along the trail finds wrong, in the order in which it was found. */
export function createFaults() {
  const faults: string[] = []
  let count = 0
  return {
    add(fault: string): void {
      count++
      if (faults.length < MaxFaults) faults.push(fault)
    },
    /** How many more may be worth looking for: at least one, so that none is overlooked. */
    room: (): number => Math.max(1, MaxFaults - faults.length),
    /** All of it as one text; null when nothing is wrong. */
    told(): string | null {
      if (count === 0) return null
      return faults.join('; ') + (count > faults.length ? '; and more' : '')
    },
  }
}

export function describeUnknownKey(name: string, keyId: string): string {
  return `${name} was signed with the key ${keyId}, which is not AUDIT_KEY nor in AUDIT_KEY_PREVIOUS`
}
