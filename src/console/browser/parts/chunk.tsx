import type { Child } from 'hono/jsx'
import { memo, useEffect, useRef, useState } from 'hono/jsx/dom'

/** The height of a row of `table.rows`, which the style sheet sets. */
const rowPx = 53
/** Rows farther from the window than this are not rendered. */
const nearPx = 2_000

type ChunkProps<T> = {
  items: readonly T[]
  /** The row number of the first item in the whole table, including the head. */
  first: number
  columns: number
  isNearFirst: boolean
  /** Renders a row. It must be the same function at every render, or `memo` has no effect. */
  row: (one: T, index: number) => Child
}

function DrawnChunk<T>({ items, first, columns, isNearFirst, row }: ChunkProps<T>) {
  const body = useRef<HTMLElement>(null)
  const [isNear, setNear] = useState(isNearFirst)
  useEffect(() => {
    if (!body.current) return
    const seen = new IntersectionObserver((entries) => setNear(Boolean(entries.at(-1)?.isIntersecting)), {
      rootMargin: `${nearPx}px 0px`,
    })
    seen.observe(body.current)
    return () => seen.disconnect()
  }, [])
  return (
    <tbody ref={body}>
      {isNear ? (
        items.map((one, i) => row(one, first + i))
      ) : (
        <tr key="gap">
          <td colspan={columns} style={{ height: `${items.length * rowPx}px`, padding: '0' }} />
        </tr>
      )}
    </tbody>
  )
}

/**
 * The rows of one page of a long list. They are rendered only near the window; elsewhere an empty element has their
 * height.
 */
const Chunk = memo(DrawnChunk) as typeof DrawnChunk

type ChunksProps<T> = Pick<ChunkProps<T>, 'columns' | 'row'> & {
  pages: readonly (readonly T[])[]
  /** Whether the list was cached, and is scrolled to its earlier position. */
  isRestored: boolean
}

/** The pages of a long list, below the head of a `table.rows`. */
export function Chunks<T extends { id: string }>({ pages, columns, row, isRestored }: ChunksProps<T>) {
  let before = 0
  return (
    <>
      {pages.map((items) => {
        const first = before + 2
        before += items.length
        // Keyed by the last item: new items may come above, and the chunks below keep their keys.
        const key = items.at(-1)?.id ?? 'none'
        return <Chunk key={key} items={items} first={first} columns={columns} isNearFirst={!isRestored} row={row} />
      })}
    </>
  )
}
