type Options<Batch> = {
  /** Takes out the batches that are written now. */
  take: () => readonly Batch[]
  write: (batch: Batch) => Promise<unknown>
  /** Puts back a batch whose write failed, for the next flush. */
  restore: (batch: Batch) => void
  /** Called with the first error of a flush; the flush then does not throw. */
  onError?: (error: unknown) => void
  /** Milliseconds between automatic flushes; needs `onError`. */
  everyMs?: number
  /** Checked at each tick of the timer: nothing is flushed while it returns false. */
  isDue?: () => boolean
}

/**
 * Writes what was gathered in memory in batches, one after the other: no two writes run at once, and a batch that fails
 * does not prevent the others of its flush.
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
   * Writes all that was gathered until now, or what the caller has taken out, after the write in progress.
   * @returns whether anything is left to write
   * @throws the error of a write, unless there is `onError`
   */
  function flush(taken?: readonly Batch[]): Promise<boolean> {
    const flushed = last.then(() => writeAll(taken ?? take()))
    last = flushed.catch(() => {})
    return flushed
  }

  return {
    flush,
    /** Batches that are being written now, which the database may not show yet. */
    inFlight: (): readonly Batch[] => inFlight,
    /** Stops the timer and writes what is left. @throws as `flush` does */
    async close(): Promise<void> {
      clearInterval(timer)
      await flush()
    },
  }
}
