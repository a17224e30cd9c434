import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

export const postgresFrozen: Case = {
  name: 'postgres-frozen',
  about: 'SIGSTOP of every process of PostgreSQL: connections stay open, nobody answers',
  times: { short: 1, long: 8 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      async inject({ postgres, untilReady, hold }) {
        const thaw = postgres.freeze()
        try {
          await untilReady(503, 'the freeze is noticed')
          if (!options.isShort) await hold(3)
        } finally {
          thaw()
        }
        return performance.now()
      },
    }),
}
