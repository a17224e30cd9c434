import { afterAll } from 'bun:test'
import postgres from 'postgres'
import type { TestApp } from '../support/app.ts'

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(10)
}

/** Who stands in nobody's way but the one whom a test means. */
export function outsideOf({ databaseUrl }: TestApp): postgres.Sql {
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} })
  afterAll(() => sql.end({ timeout: 1 }))
  return sql
}

/** Holds a lock until it is told to let go. */
export async function hold(sql: postgres.Sql, statement: string): Promise<() => Promise<void>> {
  const letGo = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const ended = sql.begin(async (tx) => {
    await tx.unsafe(statement)
    held.resolve()
    await letGo.promise
  })
  await Promise.race([held.promise, ended])
  return async () => {
    letGo.resolve()
    await ended
  }
}

/** The backend that waits for a lock. */
export async function waiter(sql: postgres.Sql): Promise<number> {
  for (;;) {
    const [row] = await sql<{ pid: number }[]>`
      select l.pid from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()`
    if (row) return row.pid
    await Bun.sleep(5)
  }
}

export async function untilGone(sql: postgres.Sql, pid: number): Promise<void> {
  await until(async () => (await sql`select 1 from pg_stat_activity where pid = ${pid}`).length === 0)
}
