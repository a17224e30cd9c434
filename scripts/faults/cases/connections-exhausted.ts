import postgres from 'postgres'
import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

/** More than max_connections of the PostgreSQL of the cases. */
const wanted = 110

export const connectionsExhausted: Case = {
  name: 'connections-exhausted',
  about: 'others take every connection that max_connections allows while the server loses its own',
  times: { short: 1, long: 8 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      async inject({ network, databaseUrl, hold }) {
        const others = postgres(databaseUrl, { max: wanted, onnotice: () => {} })
        const taking = Array.from({ length: wanted }, () => others`select pg_sleep(${options.isShort ? 1.5 : 4})`)
        const taken = Promise.allSettled(taking)
        await hold(0.3)
        network.reset()
        await hold(options.isShort ? 1 : 3)
        await taken
        await others.end({ timeout: 1 })
        return performance.now()
      },
    }),
}
