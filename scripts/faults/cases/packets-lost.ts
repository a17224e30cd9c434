import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

/** Losing real packets needs `tc netem`, which few kernels and no container have; programs see only the delay. */
export const packetsLost: Case = {
  name: 'packets-lost',
  about: 'a fifth of all packets between server and database is lost: TCP sends them again 200 ms later, then 400',
  times: { short: 1, long: 5 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      async inject({ network, hold }) {
        network.lose(0.2)
        await hold(options.isShort ? 2 : 10)
        network.heal()
        return performance.now()
      },
    }),
}
