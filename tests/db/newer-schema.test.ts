import { afterEach, describe, expect, test } from 'bun:test'
import { migrate } from '../../src/db/migrate.ts'
import { findSchemaState, latestVersion, MigrationError, requireSchema } from '../../src/db/schema-version.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'

const { url, sql } = await openEmptyDatabase()
await migrate({ url })

/** Migrations of a program to come. */
const applied = (...rows: { version: number; serves_from: number | null }[]) =>
  sql`insert into schema_migrations ${sql(rows.map((row) => ({ ...row, name: 'later', checksum: 'x' })))}`

afterEach(async () => {
  await sql`delete from schema_migrations where version > ${latestVersion}`
})

describe('a schema of later programs', () => {
  test('is served on as far as its migrations say so, and left as it is', async () => {
    await applied({ version: 998, serves_from: latestVersion - 1 }, { version: 999, serves_from: latestVersion })
    await requireSchema(sql)
    expect((await findSchemaState(sql)).version).toBe(999)
    await sql`update schema_functions set revision = 999, checksum = 'later' where name = 'roles'`
    const lines: string[] = []
    await migrate({ url, log: (line) => lines.push(line) })
    expect(lines).toEqual(['schema is at version 999: nothing to do'])
    expect(await sql`select revision from schema_functions where name = 'roles'`).toEqual([{ revision: 999 }] as never)
    expect(await sql`select 1 from schema_migrations where version > ${latestVersion}`).toHaveLength(2)
  })

  test.each([
    [
      'one of them says nothing',
      [
        { version: 998, serves_from: latestVersion },
        { version: 999, serves_from: null },
      ],
    ],
    [
      'one of them says no',
      [
        { version: 998, serves_from: latestVersion + 1 },
        { version: 999, serves_from: latestVersion },
      ],
    ],
  ])('is refused where %s', async (_, rows) => {
    await applied(...rows)
    for (const attempt of [() => requireSchema(sql), () => migrate({ url })]) {
      const reason = await attempt().then(String, (error: unknown) => error)
      expect(reason).toBeInstanceOf(MigrationError)
      expect(String(reason)).toMatch(/999.*newer program/is)
    }
  })
})
