/** A signal within one process: `notify` calls every listener added by `onNotify` and not removed since. */
export type Notifier = {
  notify(): void
  /** @returns removes the listener */
  onNotify(listener: () => void): () => void
}

/** A notifier without listeners. */
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
