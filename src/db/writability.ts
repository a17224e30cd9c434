import type postgres from 'postgres'
import type { DatabaseOptions } from './connect.ts'
import { unwritableReason } from './errors.ts'

export type Unwritable = NonNullable<ReturnType<typeof unwritableReason>>
export type Writability = ReturnType<typeof createWritability>

/** Sorts more than fits its memory, so that the server must write to its disk; needs no right and leaves nothing. */
const spill = `
  set local work_mem = '64kB';
  select count(*) from (select row_number() over (order by md5(n::text)), repeat('x', 256) from generate_series(1, 4000) n) s`

const told: Record<Unwritable, string> = {
  'read-only': 'the database is read-only: nothing can be stored',
  'disk-full': 'the disk of the database is full: nothing can be stored',
}

/**
 * Knows whether the database takes changes. That it is read-only it says when asked; that its disk is full a statement
 * says by failing, and from then on whoever asks has it write something small, until it can.
 */
export function createWritability({ isStandby = false, onWarn }: Pick<DatabaseOptions, 'isStandby' | 'onWarn'>) {
  let reason: Unwritable | null = null

  function judge(now: Unwritable | null): void {
    if (now === reason || isStandby) return
    reason = now
    onWarn(now ? told[now] : 'the database takes changes again')
  }

  return {
    reason: (): Unwritable | null => reason,
    /** What a statement failed with. */
    note(error: unknown): void {
      if (unwritableReason(error) === 'disk-full') judge('disk-full')
    },
    /** Asks the database. @throws what the connection failed with */
    async ask(client: postgres.Sql): Promise<void> {
      const [row] = await client<{ readOnly: boolean }[]>`
        select current_setting('transaction_read_only')::boolean as read_only`
      if (row?.readOnly) return judge('read-only')
      if (reason === 'disk-full') {
        const error = await client.unsafe(spill).then(
          () => null,
          (error: unknown) => error,
        )
        if (unwritableReason(error) === 'disk-full') return
        if (error) throw error
      }
      judge(null)
    },
  }
}
