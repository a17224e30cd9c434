/** The least CPU time, in microseconds, of this process in a few runs: other load only adds to it. */
async function leastCpu(act: () => Promise<Response>, runs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < runs; i++) {
    // Answers without any wait would starve timers and sockets.
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

/**
 * Compares CPU times with that of `plain`, which is measured once: the function that it returns gives a ratio, measured
 * again, both more thoroughly, while it seems to exceed `limit`.
 */
export function costsBeside(plain: () => Promise<Response>, limit: number) {
  let plainCost = Number.POSITIVE_INFINITY
  return async (costly: () => Promise<Response>): Promise<number> => {
    let ratio = Number.POSITIVE_INFINITY
    for (let runs = 2; runs <= 32 && ratio > limit; runs *= 2) {
      if (runs > 2 || plainCost === Number.POSITIVE_INFINITY)
        plainCost = Math.min(plainCost, await leastCpu(plain, runs))
      ratio = (await leastCpu(costly, runs)) / Math.max(1, plainCost)
      // Clearly no noise: more runs would change nothing.
      if (ratio > 10 * limit) break
    }
    return ratio
  }
}
