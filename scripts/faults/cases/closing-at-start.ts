import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

export const closingAtStart: Case = {
  name: 'closing-at-start',
  about: 'the database closes every connection, and new ones as soon as they are made',
  times: { short: 1, long: 8 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      async inject({ network, untilReady, hold }) {
        network.refuse()
        await untilReady(503, 'the loss is noticed')
        await hold(options.isShort ? 0.5 : 3)
        network.heal()
        return performance.now()
      },
    }),
}
