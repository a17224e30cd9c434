/** As many as the service gives at once. */
export const perPage = 100
/** As many pages hold the newest entries, whatever came above them: whether one is shown is looked for there. */
const newestPages = 3

type Entry = { id: string }
type Shown<T> = readonly (readonly T[])[]

/** Those of the newest entries that are not shown yet. */
export function notShown<T extends Entry>(pages: Shown<T>, newest: readonly T[]): T[] {
  const known = new Set(pages.slice(0, newestPages).flatMap((page) => page.map(({ id }) => id)))
  return newest.filter(({ id }) => !known.has(id))
}

/**
 * The pages with what is new in its place; one that was committed late comes between others. The pages below stay what they
 * are, so that they are not drawn anew.
 */
export function withNew<T extends Entry>([first = [], ...others]: Shown<T>, newest: readonly T[]): Shown<T> {
  const fresh = notShown([first, ...others], newest)
  if (fresh.length === 0) return [first, ...others]
  // Ids begin with their time.
  const top = [...fresh, ...first].sort((one, other) => (one.id < other.id ? 1 : -1))
  return top.length > 2 * perPage ? [top.slice(0, -perPage), top.slice(-perPage), ...others] : [top, ...others]
}
