/**
 * The value of `work`, or of `onLate` after `milliseconds`. `work` is not aborted, and its later failure is ignored.
 * The timer is cleared with the call, so that it keeps no process alive.
 */
export function withTimeout<T, L>(
  work: PromiseLike<T>,
  milliseconds: number,
  onLate: () => L | Promise<L>,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(onLate())
      } catch (error) {
        reject(error)
      }
    }, milliseconds)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** Waits for `work`, but not longer than `milliseconds`. A running timer would keep the process alive. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  await withTimeout(work, milliseconds, () => {})
}
