type Options<Batch> = {
  /** Takes out what is to be written now. */
  take: () => readonly Batch[]
  write: (batch: Batch) => Promise<unknown>
  /** Keeps a batch whose write failed for the next time. */
  restore: (batch: Batch) => void
  /** Told of the first write of a flush that failed, which then throws nothing. */
  onError?: (error: unknown) => void
  /** Flushes so often by itself; needs `onError`. */
  everyMs?: number
  /** Asked each time; where it is not yet due, the timer flushes nothing. */
  isDue?: () => boolean
}

/**
 * What is gathered in memory and written in batches, one after the other: no two writes are under way at once, and a batch
 * that fails does not keep the others of its flush from being written.
 */
export function createWriteBehind<Batch>({ take, write, restore, onError, everyMs, isDue }: Options<Batch>) {
  let inFlight: readonly Batch[] = []
  let last: Promise<unknown> = Promise.resolve()
  const timer =
    everyMs === undefined ? undefined : setInterval(() => (isDue && !isDue() ? undefined : void flush()), everyMs)
  timer?.unref()

  async function writeAll(batches: readonly Batch[]): Promise<boolean> {
    const failures: unknown[] = []
    inFlight = batches
    const { length } = inFlight
    for (const batch of inFlight)
      try {
        await write(batch)
      } catch (error) {
        restore(batch)
        failures.push(error)
      }
    inFlight = []
    if (failures.length > 0) {
      if (!onError) throw failures[0]
      onError(failures[0])
    }
    return length > 0
  }

  /**
   * Writes all that was gathered until now, or what the caller took out already, after what is being written.
   * @returns whether there was something left to write
   * @throws what a write failed with, unless `onError` is told
   */
  function flush(taken?: readonly Batch[]): Promise<boolean> {
    const flushed = last.then(() => writeAll(taken ?? take()))
    last = flushed.catch(() => {})
    return flushed
  }

  return {
    flush,
    /** What is being written at this moment, which the database may not show yet. */
    inFlight: (): readonly Batch[] => inFlight,
    /** Stops the timer and writes what is left. @throws as `flush` does */
    async close(): Promise<void> {
      clearInterval(timer)
      await flush()
    },
  }
}
