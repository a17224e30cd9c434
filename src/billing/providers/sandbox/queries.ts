import type { Db } from '../../../db/types.ts'

export type Kind = 'settings' | 'customer' | 'price' | 'checkout' | 'subscription' | 'payment' | 'event' | 'key'

/** An object of the sandbox; null: there is none of that id. */
export async function findObject<T>(sql: Db, kind: Kind, id: string): Promise<T | null> {
  const [row] = await sql<{ data: T }[]>`select data from sandbox_objects where id = ${id} and kind = ${kind}`
  return row?.data ?? null
}

/** findObject, with its row locked until the transaction ends. */
export async function lockObject<T>(tx: Db, kind: Kind, id: string): Promise<T | null> {
  const [row] = await tx<{ data: T }[]>`select data from sandbox_objects where id = ${id} and kind = ${kind} for update`
  return row?.data ?? null
}

/** Objects of a kind, oldest first, at most 1,000; with `parent` only those that belong to it. */
export async function listObjects<T>(sql: Db, kind: Kind, parent: string | null = null): Promise<T[]> {
  const rows = await sql<{ data: T }[]>`
    select data from sandbox_objects where kind = ${kind} ${parent === null ? sql`` : sql`and parent_id = ${parent}`} order by created_at, id limit 1000`
  return rows.map(({ data }) => data)
}

/** Writes an object in place of the one with its id. @param parent the object that it belongs to */
export async function putObject<T extends { id: string }>(
  sql: Db,
  kind: Kind,
  object: T,
  parent: string | null = null,
): Promise<void> {
  await sql`
    insert into sandbox_objects (id, kind, parent_id, data) values (${object.id}, ${kind}, ${parent}, ${sql.json(object as never)})
        on conflict (id) do update set data = excluded.data`
}

/** Stores the result of a call under its idempotency key. @returns the first result that was stored under it */
export async function claimKey(tx: Db, key: string, result: string): Promise<string> {
  const id = `key:${key}`
  await tx`
    insert into sandbox_objects (id, kind, data) values (${id}, 'key', ${tx.json({ id, result })}) on conflict (id) do nothing`
  const found = await findObject<{ result: string }>(tx, 'key', id)
  return found?.result ?? result
}
