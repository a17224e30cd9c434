/**
 * The value of `work`, or of `onLate` after `milliseconds`. `work` is not aborted, and its later failure is ignored.
 * The timer is cleared with the call, so that it keeps no process alive.
 */
export async function withTimeout<T, L>(
  work: PromiseLike<T>,
  milliseconds: number,
  onLate: () => L | Promise<L>,
): Promise<T | L> {
  const late = Promise.withResolvers<typeof isLate>()
  const timer = setTimeout(() => late.resolve(isLate), milliseconds)
  const handled = Promise.resolve(work)
  handled.catch(() => {})
  try {
    const first = await Promise.race([handled, late.promise])
    return first === isLate ? onLate() : (first as T)
  } finally {
    clearTimeout(timer)
  }
}

const isLate = Symbol('late')

/** Waits for `work`, but not longer than `milliseconds`. A running timer would keep the process alive. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  await withTimeout(work, milliseconds, () => {})
}
