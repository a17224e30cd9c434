import type { Case } from '../case.ts'
import { type Scene, underTraffic } from '../under-traffic.ts'

export const postgresKilled: Case = {
  name: 'postgres-killed',
  about: 'kill -9 of every process of PostgreSQL, as a power cut; it is started again',
  times: { short: 2, long: 50 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      untilMet: true,
      inject: killPostgres,
    }),
}

/**
 * Kills PostgreSQL, and starts it again once the loss is noticed. @returns when it accepts connections, by
 * performance.now()
 */
export async function killPostgres({ stand: { signal }, postgres, untilReady }: Scene): Promise<number> {
  postgres.kill()
  await untilReady(503, 'the loss is noticed')
  return postgres.untilAccepting(signal)
}
