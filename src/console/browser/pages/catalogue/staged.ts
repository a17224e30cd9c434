import { useState } from 'hono/jsx/dom'

/** Whether a column includes a row, and its limit; null: unlimited. */
type Cell = { isHeld: boolean; limit: number | null }
export type Change = { column: string; row: string; cell: Cell }

export type Staged = ReturnType<typeof useStaged>

/** The unsaved changes of a matrix. They apply on top of the saved state, also when that changes. */
export function useStaged(saved: (column: string, row: string) => Cell) {
  const [changes, setChanges] = useState<readonly Change[]>([])
  const find = (column: string, row: string) => changes.find((one) => one.column === column && one.row === row)
  const real = changes.filter(({ column, row, cell }) => !isSame(cell, saved(column, row)))
  return {
    changes: real,
    columns: [...new Set(real.map(({ column }) => column))],
    cellOf: (column: string, row: string) => find(column, row)?.cell ?? saved(column, row),
    isChanged: (column: string, row: string) => real.some((one) => one.column === column && one.row === row),
    change: (column: string, row: string, cell: Cell) =>
      setChanges([...changes.filter((one) => one !== find(column, row)), { column, row, cell }]),
    /** Discards the changes of one column, or all. */
    drop: (column?: string) =>
      setChanges((now) => (column === undefined ? [] : now.filter((one) => one.column !== column))),
  }
}

const isSame = (one: Cell, other: Cell) => one.isHeld === other.isHeld && (!one.isHeld || one.limit === other.limit)
