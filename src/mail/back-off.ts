/** The first wait and the longest, in seconds. */
const waits = {
  /** The server postponed this mail, as greylisting does. */
  later: { first: 30, longest: 3_600 },
  /** The server cannot be reached: short waits, so that mails go out soon after it is back. */
  server: { first: 15, longest: 300 },
}

/** Seconds until the next attempt of a mail after its n-th: doubling, with ±25 % jitter. */
export function retryAfterSeconds(attempts: number, kind: keyof typeof waits, random = Math.random): number {
  const { first, longest } = waits[kind]
  return Math.min(longest, first * 2 ** Math.min(attempts - 1, 20)) * (0.75 + random() / 2)
}

/** The first pause and the longest, in milliseconds. */
const firstPauseMs = 1_000
const maxPauseMs = 60_000

/**
 * Pauses all sending after a failure of the server, for twice as long each time until a mail succeeds. Failures during a
 * pause do not lengthen it: those attempts began before it.
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
      nextMs = Math.min(maxPauseMs, nextMs * 2)
    },
    /** Ends the pause after a success. */
    end(): void {
      clearTimeout(timer)
      timer = undefined
      nextMs = firstPauseMs
    },
  }
}
