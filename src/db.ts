// STOPGAP until the real one lands.
import postgres from 'postgres'
import { AppError } from './errors.ts'
export type Db = postgres.ISql
export type Tx = Db & { committed: unknown[] }
export type Sql = Db & { begin<T>(fn: (tx: Tx) => Promise<T>): Promise<T> }
export type Database = ReturnType<typeof openDatabase>
type Options = { url: string; max: number; statementTimeoutMs: number; slowQueryMs: number; ssl: 'disable' | 'require' | 'verify-full'; applicationName: string; onSlow: (info: { milliseconds: number; statement: string }) => void; onWarn: (message: string, error?: unknown) => void }
export function openDatabase(o: Options) {
  const pool = postgres(o.url, { max: o.max, onnotice: () => {}, ssl: o.ssl === 'disable' ? false : o.ssl, transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } }, connection: { statement_timeout: o.statementTimeoutMs, application_name: o.applicationName } })
  const listeners: ((items: unknown[]) => void)[] = []
  const sql = new Proxy(pool, {
    get(target, key) {
      if (key !== 'begin') return Reflect.get(target, key)
      return async (fn: (tx: Tx) => Promise<unknown>) => {
        const committed: unknown[] = []
        const result = await target.begin((tx) => fn(Object.assign(tx, { committed }) as unknown as Tx))
        if (committed.length) for (const l of listeners) l(committed)
        return result
      }
    },
  }) as unknown as Sql
  return {
    sql,
    async ping() { try { await pool`select 1` } catch (cause) { throw new AppError('database-unavailable', { cause }) } },
    onCommit(l: (items: unknown[]) => void) { listeners.push(l) },
    onUncertainCommit(_l: () => void) {},
    stats: () => ({ queries: 0, slowQueries: 0, inUse: 0, waiting: 0, recycles: 0 }),
    async open(_min: number) { await pool`select 1` },
    close: (seconds: number) => pool.end({ timeout: seconds }),
  }
}
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return error instanceof postgres.PostgresError && error.code === '23505' && error.constraint_name === constraint
}
