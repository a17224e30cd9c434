/**
 * A queue of several lines, served round-robin: one item of each line in turn, in the order of arrival. The first item
 * of a line waits for at most one item of each other line.
 */
export function createFairQueue<T>() {
  // Map and Set keep the order of arrival, and delete an item without a search.
  const lines = new Map<string, Set<T>>()
  let size = 0

  function remove(key: string, item: T): boolean {
    const line = lines.get(key)
    if (!line?.delete(item)) return false
    if (line.size === 0) lines.delete(key)
    size--
    return true
  }

  return {
    size: (): number => size,
    sizeOf: (key: string): number => lines.get(key)?.size ?? 0,
    add(key: string, item: T): void {
      const line = lines.get(key)
      if (line) line.add(item)
      else lines.set(key, new Set([item]))
      size++
    },
    /** Removes an item. @returns whether it was still queued */
    remove,
    /** Takes the first item of the next line that `isEligible`; that line then moves to the end. */
    take(isEligible: (key: string) => boolean): T | undefined {
      for (const [key, line] of lines) {
        if (!isEligible(key)) continue
        const [item] = line as Set<T & {}>
        if (item === undefined) continue
        remove(key, item)
        if (line.size > 0) {
          lines.delete(key)
          lines.set(key, line)
        }
        return item
      }
      return undefined
    },
    /** Takes the newest item of the longest line, if that line is longer than `length`. */
    dropFromLongest(length: number): T | undefined {
      let longest: [string, Set<T>] | undefined
      for (const entry of lines) if (entry[1].size > (longest?.[1].size ?? length)) longest = entry
      if (!longest) return undefined
      const last = [...longest[1]].at(-1)
      if (last !== undefined) remove(longest[0], last)
      return last
    },
  }
}
