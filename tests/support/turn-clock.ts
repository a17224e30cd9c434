/** The pause before each answer, in milliseconds. */
const pauseMs = 5

/**
 * A clock by the turns that a busy machine gives: it moves by a pause for each answer of `ask`, however late that comes.
 * @param ask a question to those whose time is measured
 */
export function startTurnClock(ask: () => PromiseLike<unknown>) {
  let answers = 0
  let stopped = false
  const ticking = tick()
  ticking.catch(() => {})
  async function tick(): Promise<void> {
    for (; !stopped; answers++) {
      await Bun.sleep(pauseMs)
      await ask()
    }
  }
  return {
    answers: () => answers,
    milliseconds: () => answers * pauseMs,
    /** @throws the first error of `ask` */
    stop(): Promise<void> {
      stopped = true
      return ticking
    },
  }
}
