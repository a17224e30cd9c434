/** Rings where somebody listens: work was written down. */
export type Bell = { ring(): void; onRing(listener: () => void): () => void }

export function createBell(): Bell {
  const listeners = new Set<() => void>()
  return {
    ring() {
      for (const listener of listeners) listener()
    },
    onRing(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
