import type { CheckpointLine } from '../../src/audit/checkpoints.ts'
import { createAudit } from '../../src/audit/record.ts'
import { sealAudit } from '../../src/audit/seal.ts'
import type { Db } from '../../src/db/types.ts'
import type { Config } from '../../src/room-config.ts'
import type { TestApp } from '../support/app.ts'

export type Trail = {
  /** Ids of rows that are sealed and live, of those in the archive, and of those that wait to be sealed. */
  sealed: string[]
  archived: string[]
  waiting: string[]
  checkpoints: CheckpointLine[]
}

const dayMs = 86_400_000

export function seal({ sql, deps }: TestApp): Promise<CheckpointLine[]> {
  return sql.begin((tx) => sealAudit(tx, deps))
}

/** Some rows of many kinds, recorded through the front door of the trail; `ageDays` ago. */
export async function writeRows(
  { sql, config }: { sql: Db; config: Config },
  count: number,
  ageDays = 0,
): Promise<void> {
  const audit = createAudit(config.auditKeys, () => Date.now() - ageDays * dayMs)
  for (let i = 0; i < count; i++) {
    const actor = {
      principal: i % 7 === 0 ? null : { accountId: Bun.randomUUIDv7() },
      origin: { ip: `192.0.2.${i % 250}`, userAgent: 'a browser', requestId: `request-${i}` },
    }
    const action = (['session.create', 'account.lock', 'role.update', 'audit.read'] as const)[i % 4] ?? ''
    const type = (['session', 'account', 'role'] as const)[i % 3] ?? 'role'
    await audit.record(
      sql,
      actor,
      action,
      { type, id: i % 5 === 0 ? null : Bun.randomUUIDv7() },
      {
        details: { number: i, text: 'ज्ञान "quoted"' },
        before: { firstName: `before ${i}` },
        after: { firstName: `after ${i}` },
      },
    )
  }
}

/** Few rows each: a thousand tamperings are judged by reading all of them. */
const rowsEach = 15

/** Sealed rows in eight checkpoints, some of them archived, some without their side row, and a few that wait. */
export async function writeTrail(app: TestApp): Promise<Trail> {
  const { sql } = app
  const checkpoints: CheckpointLine[] = []
  await writeRows(app, rowsEach, 400)
  checkpoints.push(...(await seal(app)))
  await sql`select archive_audit()`
  for (let i = 0; i < 7; i++) {
    await writeRows(app, rowsEach)
    checkpoints.push(...(await seal(app)))
  }
  await sql`delete from audit_personal where audit_id in (select id from audit_logs order by id limit 10)`
  await writeRows(app, 8)
  const ids = async (query: Promise<{ id: string }[]>) => (await query).map(({ id }) => id)
  return {
    sealed: await ids(
      sql`select id from audit_logs where not exists (select from audit_queue where audit_id = id) order by id`,
    ),
    archived: await ids(sql`select id from audit_archive order by id`),
    waiting: await ids(sql`select audit_id as id from audit_queue order by 1`),
    checkpoints,
  }
}

/** Empties the trail, as the owner can, and puts its guards back: each test of a file begins with none. */
export async function clearTrail({ sql }: TestApp): Promise<void> {
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
      and starts_with(relname, 'audit_')`
  await sql.begin(async (tx) => {
    for (const { name } of tables) await tx`alter table ${tx(name)} disable trigger user`
    await tx`truncate ${tx(tables.map(({ name }) => name))}`
    for (const { name } of tables) await tx`alter table ${tx(name)} enable trigger user`
  })
}
