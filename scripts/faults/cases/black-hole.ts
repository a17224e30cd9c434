import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

export const blackHole: Case = {
  name: 'black-hole',
  about: 'nothing gets through between server and database, and nobody is told; every second time it never arrives',
  times: { short: 2, long: 8 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      async inject({ network, untilReady, hold }, time) {
        // In turn: packets that a firewall dropped, and packets that were only delayed.
        if (time % 2 === 1) network.forget({ noticedAfterMs: options.isShort ? 2_000 : 25_000 })
        network.stall()
        await untilReady(503, 'the silence is noticed')
        if (!options.isShort) await hold(3)
        network.heal()
        return performance.now()
      },
    }),
}
