import type postgres from 'postgres'
import type { DatabaseOptions } from './connect.ts'
import { unwritableReason } from './errors.ts'

export type Unwritable = NonNullable<ReturnType<typeof unwritableReason>>
export type Writability = ReturnType<typeof createWritability>

/** Sorts more than fits work_mem, so that the server writes a temporary file; needs no rights and leaves nothing. */
const spill = `
  set local work_mem = '64kB';
  select count(*) from (select row_number() over (order by md5(n::text)), repeat('x', 256) from generate_series(1, 4000) n) s`

const messages: Record<Unwritable, string> = {
  'read-only': 'the database is read-only: nothing can be stored',
  'disk-full': 'the disk of the database is full: nothing can be stored',
}

/**
 * Tracks whether the database accepts writes. Read-only mode is queried. A full disk shows by a failed statement; from
 * then on each check writes a little, until that succeeds.
 */
export function createWritability({ isStandby = false, onWarn }: Pick<DatabaseOptions, 'isStandby' | 'onWarn'>) {
  let reason: Unwritable | null = null

  function setReason(now: Unwritable | null): void {
    if (now === reason || isStandby) return
    reason = now
    onWarn(now ? messages[now] : 'the database can be written again')
  }

  return {
    reason: (): Unwritable | null => reason,
    /** Examines the error of a failed statement. */
    note(error: unknown): void {
      if (unwritableReason(error) === 'disk-full') setReason('disk-full')
    },
    /** Queries the database. @throws the error of the connection */
    async ask(client: postgres.Sql): Promise<void> {
      const [row] = await client<{ readOnly: boolean }[]>`
        select current_setting('transaction_read_only')::boolean as read_only`
      if (row?.readOnly) return setReason('read-only')
      if (reason === 'disk-full') {
        const error = await client.unsafe(spill).then(
          () => null,
          (error: unknown) => error,
        )
        if (unwritableReason(error) === 'disk-full') return
        if (error) throw error
      }
      setReason(null)
    },
  }
}
