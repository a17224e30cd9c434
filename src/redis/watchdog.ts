const tickMs = 10

/**
 * Calls `onLate` when the oldest unanswered command of a connection, where answers come in order, waits for longer than
 * `timeoutMs`. Time is counted in timer ticks, between which the socket is read, so that a pause of this process does not
 * count as Redis's. One timer serves all commands.
 */
export function createWatch(timeoutMs: number, onLate: () => void): <T>(answer: Promise<T>) => Promise<T> {
  const ticks = Math.ceil(timeoutMs / tickMs)
  let sent = 0
  let answered = 0
  let timer: Timer | undefined
  /** Commands sent by each of the last ticks. */
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
