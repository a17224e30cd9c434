/** The most faults of a report. */
const maxFaults = 20

export type Faults = ReturnType<typeof createFaults>

/** Collects faults, in the order in which they are found. */
export function createFaults() {
  const faults: string[] = []
  let count = 0
  return {
    add(fault: string): void {
      count++
      if (faults.length < maxFaults) faults.push(fault)
    },
    /** How many more faults to look for; at least one, so that a fault is never missed. */
    room: (): number => Math.max(1, maxFaults - faults.length),
    /** All faults as one text; null when there are none. */
    summary(): string | null {
      if (count === 0) return null
      return faults.join('; ') + (count > faults.length ? '; and more' : '')
    },
  }
}

/**
 * The fault of a row or checkpoint that was signed with a key that is not configured. @param name of the row or
 * checkpoint
 */
export function describeUnknownKey(name: string, keyId: string): string {
  return `${name} was signed with the key ${keyId}, which is not AUDIT_KEY nor in AUDIT_KEY_PREVIOUS`
}
