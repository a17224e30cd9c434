import { z } from 'zod'
import { AppError } from '../../errors/app-error.ts'

const maxCursorLength = 2_048
const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** With microseconds, as in PostgreSQL: a cursor in milliseconds would skip or repeat rows. */
const datePattern = /^(?:19|20)\d\d-[\d-]{5}T[\d:]{8}(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/
const realDate = z.iso.datetime({ offset: true })

type Value = string | number | null
type Kind = 'string' | 'number' | 'uuid' | 'date'
/** The type of a value in a cursor; with a question mark it may be null. */
export type CursorField = Kind | `${Kind}?`
type Decoded<F extends CursorField> =
  | (F extends 'number' | 'number?' ? number : string)
  | (F extends `${string}?` ? null : never)

type Key<S extends readonly CursorField[]> = { -readonly [K in keyof S]: Decoded<S[K]> }

/** One page of a list. */
export type Page<T> = { items: T[]; nextCursor: string | null }

/** The sort key of a page's last row, opaque to clients. A time is passed as text with all its digits. */
export function encodeCursor(values: readonly Value[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/**
 * Decodes the sort key that a client passed back. It is untrusted: checked for type and bounds, and safe as a query
 * parameter.
 *
 * @throws AppError `invalid-cursor` unless encodeCursor made it for this shape
 */
export function decodeCursor<const S extends readonly CursorField[]>(text: string, shape: S): Key<S> {
  const values = text.length <= maxCursorLength ? parseValues(text) : undefined
  // Encoding again must give the same text, so that each key has exactly one cursor.
  if (!matches(values, shape) || encodeCursor(values) !== text) throw new AppError('invalid-cursor')
  return values
}

function parseValues(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return undefined
  }
}

function matches<const S extends readonly CursorField[]>(values: unknown, shape: S): values is Key<S> & Value[] {
  return Array.isArray(values) && values.length === shape.length && shape.every((field, i) => isField(values[i], field))
}

function isField(value: unknown, field: CursorField): boolean {
  if (value === null) return field.endsWith('?')
  switch (field) {
    case 'number':
    case 'number?':
      return Number.isSafeInteger(value)
    case 'string':
    case 'string?':
      return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
    case 'uuid':
    case 'uuid?':
      return typeof value === 'string' && uuidPattern.test(value)
    case 'date':
    case 'date?':
      return typeof value === 'string' && datePattern.test(value) && realDate.safeParse(value).success
    default: {
      const missing: never = field
      throw new Error(`no check for ${missing}`)
    }
  }
}

/** At most `limit` rows after the key `after`; null: from the beginning. */
export type Slice<Key> = { limit: number; after: Key | null }

/**
 * Reads one page of a list. `read` is called with one row more than the page has, which shows whether another page
 * follows.
 *
 * @param shape the types of the sort key in a cursor
 * @param keyOf the sort key of a row, in the order of the query
 * @throws AppError `invalid-cursor`
 */
export async function readPage<Row, const S extends readonly CursorField[]>(
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  shape: S,
  read: (slice: Slice<Key<S>>) => Promise<Row[]> | Row[],
  keyOf: (row: Row) => readonly Value[],
): Promise<Page<Row>> {
  return page(await read({ limit: limit + 1, after: keyAfter(cursor, shape) }), limit, keyOf)
}

/** readPage for a list ordered by id. */
export function readPageById<Row extends { id: string }>(
  query: { limit: number; cursor?: string | undefined },
  read: (slice: Slice<string>) => Promise<Row[]>,
): Promise<Page<Row>> {
  return readPage(
    query,
    ['uuid'],
    ({ limit, after }) => read({ limit, after: after?.[0] ?? null }),
    ({ id }) => [id],
  )
}

/** Cuts rows that were fetched with `limit + 1` into a page. */
export function page<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => readonly Value[]): Page<Row> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null }
}

/** The sort key of a query's cursor; null where it has none. @throws AppError `invalid-cursor` */
export function keyAfter<const S extends readonly CursorField[]>(cursor: string | undefined, shape: S): Key<S> | null {
  return cursor === undefined ? null : decodeCursor(cursor, shape)
}

/** The schema of a page: items, and the cursor of the next page or null. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.lazy(() => z.object({ items: z.array(item), nextCursor: z.string().nullable() }))
}
