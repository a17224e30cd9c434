/** A command may take so many ticks. Past them, Redis counts as lost. */
const patience = 10
const tickMs = 10
export const patienceMs = patience * tickMs

/**
 * Follows the commands on one connection, which are answered in order, and calls `onLate` when the oldest waits for too
 * long. Time counts in ticks: what lies in the socket is read between two of them, so this process, busy with itself for a
 * while, does not take its own pause for Redis's. One timer for all, as most commands need none.
 */
export function createWatch(onLate: () => void): <T>(answer: Promise<T>) => Promise<T> {
  let sent = 0
  let answered = 0
  let timer: Timer | undefined
  /** How many had been sent by each of the last ticks. */
  const sentBy: number[] = []

  function tick(): void {
    sentBy.push(sent)
    if (sentBy.length > patience && answered < (sentBy.shift() ?? 0)) onLate()
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
