import { afterAll } from 'bun:test'
import type { DatabaseOptions } from '../../src/db/connect.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'

export type Observed = Database & { slow: { milliseconds: number; statement: string }[]; warnings: string[] }

/** The real pool on `url`, closed after the file's tests, with its reports recorded. */
export function openObserved(url: string, options: Partial<DatabaseOptions> = {}): Observed {
  const slow: Observed['slow'] = []
  const warnings: string[] = []
  const database = openDatabase({
    url,
    max: 10,
    statementTimeoutMs: 60_000,
    slowQueryMs: 60_000,
    ssl: 'disable',
    applicationName: 'manas360-test',
    onSlow: (info) => slow.push(info),
    onWarn: (message) => warnings.push(message),
    ...options,
  })
  afterAll(() => database.close(1))
  return Object.assign(database, { slow, warnings })
}

/** The reason of a rejection. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`)
    },
    (reason: unknown) => reason,
  )
}

/** Waits until the database answers its probe. */
export async function untilAnswered(database: Database): Promise<void> {
  while (
    !(await database.ping().then(
      () => true,
      () => false,
    ))
  )
    await Bun.sleep(10)
}
