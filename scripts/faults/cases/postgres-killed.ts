import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

export const postgresKilled: Case = {
  name: 'postgres-killed',
  about: 'kill -9 of every process of PostgreSQL, as a power cut; it is started again',
  times: { short: 2, long: 50 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      untilMet: true,
      async inject({ stand: { signal }, postgres, untilReady }) {
        postgres.kill()
        await untilReady(503, 'the loss is noticed')
        return postgres.untilAccepting(signal)
      },
    }),
}
