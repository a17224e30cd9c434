import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

export const backendsTerminated: Case = {
  name: 'backends-terminated',
  about: 'pg_terminate_backend of every connection of the server at once',
  times: { short: 4, long: 50 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      untilMet: true,
      async inject({ postgres, databaseUrl }) {
        const database = new URL(databaseUrl).pathname.slice(1)
        await postgres.as(
          (sql) => sql`
            select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database} and pid <> pg_backend_pid()`,
        )
        return performance.now()
      },
    }),
}
