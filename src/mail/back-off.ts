/** In seconds: the first wait, and the longest. */
const waits = {
  /** The server asked for patience with this mail, as greylisting does. */
  later: { first: 30, longest: 3_600 },
  /** The server cannot be asked: when it is back, nobody waits for long. */
  server: { first: 15, longest: 300 },
}

/** Seconds until a mail is tried again after its n-th attempt: doubling, with a quarter of jitter either way. */
export function retryAfterSeconds(attempts: number, kind: keyof typeof waits, random = Math.random): number {
  const { first, longest } = waits[kind]
  return Math.min(longest, first * 2 ** Math.min(attempts - 1, 20)) * (0.75 + random() / 2)
}

/** The first pause and the longest, in milliseconds. */
const firstPauseMs = 1_000
const longestPauseMs = 60_000

/**
 * While the server cannot be used, nobody hammers it: a pause after each failure, doubling until something succeeds. What
 * fails during a pause began before it, and does not lengthen it.
 * @param onOver called when a pause is over
 */
export function createPause(onOver: () => void) {
  let nextMs = firstPauseMs
  let timer: Timer | undefined

  return {
    isOn: (): boolean => timer !== undefined,
    begin(): void {
      if (timer) return
      timer = setTimeout(
        () => {
          timer = undefined
          onOver()
        },
        nextMs * (0.75 + Math.random() / 2),
      )
      timer.unref()
      nextMs = Math.min(longestPauseMs, nextMs * 2)
    },
    /** Something succeeded. */
    end(): void {
      clearTimeout(timer)
      timer = undefined
      nextMs = firstPauseMs
    },
  }
}
