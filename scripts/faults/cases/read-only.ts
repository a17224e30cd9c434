import type { Case } from '../case.ts'
import type { Postgres } from '../postgres.ts'
import { underTraffic } from '../under-traffic.ts'

/** Applies to every later transaction, also of present connections. */
async function setReadOnly(postgres: Postgres, value: 'on' | 'off'): Promise<void> {
  await postgres.as(async (sql) => {
    await sql.unsafe(`alter system set default_transaction_read_only = ${value}`)
    await sql`select pg_reload_conf()`
  })
}

export const readOnly: Case = {
  name: 'read-only',
  about: 'the database turns read-only, as the old primary of a fail-over, and back',
  times: { short: 1, long: 10 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      async inject({ postgres, untilReady, hold }) {
        try {
          await setReadOnly(postgres, 'on')
          await untilReady(503, 'it is noticed')
          await hold(options.isShort ? 0.3 : 2)
        } finally {
          await setReadOnly(postgres, 'off')
        }
        return performance.now()
      },
    }),
}
