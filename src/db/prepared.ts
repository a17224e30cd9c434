import type { Db } from './types.ts'

/** Writes the placeholder of a value (`$1`); one that is written twice is one parameter. */
type Placeholder<Values> = (name: keyof Values & string) => string

/**
 * A statement whose text is made once, for those that run most: a tagged template makes its text, and an object for each
 * fragment in it, at every call. Only constants and placeholders may be part of the text.
 * @param build writes the text; called once
 * @returns sends the statement with its values
 */
export function prepare<Values extends object, Row extends object>(
  build: (value: Placeholder<Values>) => string,
): (sql: Db, values: Values) => Promise<Row[]> {
  const names: (keyof Values & string)[] = []
  const text = build((name) => {
    if (!names.includes(name)) names.push(name)
    return `$${names.indexOf(name) + 1}`
  })
  return (sql, values) => sql.unsafe<Row[]>(text, names.map((name) => values[name]) as never[], { prepare: true })
}
