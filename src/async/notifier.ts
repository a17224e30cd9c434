/** A signal inside one process: `notify` calls every listener that `onNotify` added and that is not removed yet. */
export type Notifier = {
  notify(): void
  /** @returns removes the listener */
  onNotify(listener: () => void): () => void
}

export function createNotifier(): Notifier {
  const listeners = new Set<() => void>()
  return {
    notify() {
      for (const listener of listeners) listener()
    },
    onNotify(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
