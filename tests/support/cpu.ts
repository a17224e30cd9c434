/** The least CPU time, in microseconds, that this process spent on one of a few runs: what others do meanwhile only adds to it. */
export async function leastCpu(act: () => Promise<Response>, runs = 3): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < runs; i++) {
    // Answers that wait for nothing would keep timers and sockets from their turn.
    await new Promise(setImmediate)
    const before = process.cpuUsage()
    const response = await act()
    const { user, system } = process.cpuUsage(before)
    if (response.status >= 500) throw new Error(`answered ${response.status}: ${await response.text()}`)
    await response.body?.cancel()
    least = Math.min(least, user + system)
  }
  return least
}

/** How much more CPU one costs than the other; measured anew, more thoroughly, while it looks like more than `limit`. */
export async function costRatio(
  costly: () => Promise<Response>,
  plain: () => Promise<Response>,
  limit: number,
): Promise<number> {
  let ratio = Number.POSITIVE_INFINITY
  for (let runs = 2; runs <= 32 && ratio > limit; runs *= 2) {
    ratio = (await leastCpu(costly, runs)) / Math.max(1, await leastCpu(plain, runs))
    // No noise: more runs would only take their time.
    if (ratio > 10 * limit) break
  }
  return ratio
}
