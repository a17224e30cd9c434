const tickMs = 10

/**
 * Follows the commands on one connection, which are answered in order, and calls `onLate` when the oldest waits for longer
 * than `timeoutMs`. Time counts in ticks: what lies in the socket is read between two of them, so this process, busy with
 * itself for a while, does not take its own pause for Redis's. One timer for all, as most commands need none.
 */
export function createWatch(timeoutMs: number, onLate: () => void): <T>(answer: Promise<T>) => Promise<T> {
  const ticks = Math.ceil(timeoutMs / tickMs)
  let sent = 0
  let answered = 0
  let timer: Timer | undefined
  /** How many had been sent by each of the last ticks. */
  const sentBy: number[] = []

  function tick(): void {
    sentBy.push(sent)
    if (sentBy.length > ticks && answered < (sentBy.shift() ?? 0)) onLate()
  }

  return async function watch(answer) {
    sent++
    timer ??= setInterval(tick, tickMs)
    try {
      return await answer
    } finally {
      answered++
      if (answered === sent) {
        clearInterval(timer)
        timer = undefined
        sentBy.length = 0
      }
    }
  }
}
