import type { Case } from '../case.ts'
import { type Scene, underTraffic } from '../under-traffic.ts'

export const serverKilled: Case = {
  name: 'server-killed',
  about: 'kill -9 of the server in the middle of writes; it is started again',
  times: { short: 4, long: 100 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      untilMet: true,
      stopsServer: true,
      inject: killServer,
    }),
}

/** Kills the server, and starts it again. @returns when it was started, by performance.now() */
export async function killServer({ server, restartServer }: Pick<Scene, 'server' | 'restartServer'>): Promise<number> {
  await server().kill()
  const startedAt = performance.now()
  await restartServer()
  return startedAt
}
