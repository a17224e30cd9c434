type Waiting = { seconds: number; what: string; signal: AbortSignal; everyMs?: number }

/**
 * Resolves when `condition` holds; it is asked every 20 ms, for most ask a server that is busy with the fault, unless told otherwise.
 * The seconds are counted by these pauses, which a busy machine makes longer for this process as for the server.
 * @throws Error when it does not within `seconds`, or the signal aborts
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { seconds, what, signal, everyMs = 20 }: Waiting,
): Promise<void> {
  for (let left = (seconds * 1000) / everyMs; !(await condition()); left--) {
    signal.throwIfAborted()
    if (left <= 0) throw new Error(`${what}: not within ${seconds} s`)
    await Bun.sleep(everyMs)
  }
}

/** The status of /ready; 0 without an answer. */
export async function readiness(url: string): Promise<number> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(3_000) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}
