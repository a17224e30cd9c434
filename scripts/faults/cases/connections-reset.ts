import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

export const connectionsReset: Case = {
  name: 'connections-reset',
  about: 'every connection between server and database is reset (RST)',
  times: { short: 4, long: 50 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      untilMet: true,
      async inject({ network }) {
        network.reset()
        return performance.now()
      },
    }),
}
