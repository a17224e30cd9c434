import type { Child } from 'hono/jsx'
import { memo, useEffect, useRef, useState } from 'hono/jsx/dom'

/** Of a row of a `table.rows`; the style sheet holds it to that. */
const rowPx = 53
/** What is further from the window is not drawn. */
const nearPx = 2_000

type ChunkProps<T> = {
  items: readonly T[]
  /** The row's number in the whole table, the head counted, of the first of them. */
  first: number
  columns: number
  isNearFirst: boolean
  /** Draws a row. The same function at every drawing: only then is a chunk that did not change not drawn anew. */
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

/** The rows of one page of a long list. Only near the window there are any; elsewhere it is as high as theirs would be. */
const Chunk = memo(DrawnChunk) as typeof DrawnChunk

type ChunksProps<T> = Pick<ChunkProps<T>, 'columns' | 'row'> & {
  pages: readonly (readonly T[])[]
  /** Whether the list was here before, and is scrolled to where it was left. */
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
        // Named after its end: new ones may come above, and the chunks below stay what they are.
        const key = items.at(-1)?.id ?? 'none'
        return <Chunk key={key} items={items} first={first} columns={columns} isNearFirst={!isRestored} row={row} />
      })}
    </>
  )
}
