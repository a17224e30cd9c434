/** The most entries of a page of the service. */
export const perPage = 100
/** How many pages at the top are searched for an entry. */
const newestPages = 3

type Entry = { id: string }
type Shown<T> = readonly (readonly T[])[]

/** The entries of `newest` that are not shown yet. */
export function listUnshown<T extends Entry>(pages: Shown<T>, newest: readonly T[]): T[] {
  const known = new Set(pages.slice(0, newestPages).flatMap((page) => page.map(({ id }) => id)))
  return newest.filter(({ id }) => !known.has(id))
}

/**
 * The pages with new entries sorted in; one that was committed late goes between others. Pages below remain the same
 * objects, so that they are not rendered again.
 */
export function mergeEntries<T extends Entry>([first = [], ...others]: Shown<T>, newest: readonly T[]): Shown<T> {
  const fresh = listUnshown([first, ...others], newest)
  if (fresh.length === 0) return [first, ...others]
  // Ids are UUIDv7: they sort by time.
  const top = [...fresh, ...first].sort((one, other) => (one.id < other.id ? 1 : -1))
  return top.length > 2 * perPage ? [top.slice(0, -perPage), top.slice(-perPage), ...others] : [top, ...others]
}
