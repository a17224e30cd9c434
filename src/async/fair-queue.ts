/**
 * A queue of many lines, served in turn: one item of each line, in the order that they came. However long one line is,
 * the first of another waits for one item of each line at the most.
 */
export function createFairQueue<T>() {
  // Both keep the order of arrival, and give up an item without a search.
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
    /** Whether it was still there. */
    remove,
    /** Takes the first of the next line that `isEligible`; that line is the last then. */
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
    /** Takes whoever came last to the longest line, if that is longer than `length`. */
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
