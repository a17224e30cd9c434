import { residentMegabytes } from '../../../bench/processes.ts'
import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

/** The beginnings of requests that never end; a byte of each is sent now and then. */
const beginnings = [
  'GET /v1/plans HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  'POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
  '',
]
const memoryGoalMegabytes = 100

export const slowSockets: Case = {
  name: 'slow-sockets',
  about:
    'a thousand connections (fewer in the short form) that send their headers, their body or nothing, a byte at a time',
  times: { short: 1, long: 1 },
  run: (stand, options) => {
    let grownMegabytes = 0
    return underTraffic(stand, options, {
      isInvisible: true,
      async inject({ server, hold }) {
        const before = residentMegabytes(server().pid)
        const sockets = await openSlowly(Number(new URL(server().url).port), options.isShort ? 200 : 1_000)
        try {
          for (let second = 0; second < (options.isShort ? 2 : 15); second++) {
            await hold(1)
            for (const socket of sockets) socket.write('x')
          }
          grownMegabytes = Math.max(grownMegabytes, residentMegabytes(server().pid) - before)
        } finally {
          for (const socket of sockets) socket.end()
        }
        return null
      },
      missed: () =>
        grownMegabytes > memoryGoalMegabytes ? [`its memory grew by ${Math.round(grownMegabytes)} MB`] : [],
    })
  },
}

function openSlowly(port: number, count: number): Promise<Bun.Socket<undefined>[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {}, error() {} } })
      socket.write(beginnings[index % beginnings.length] ?? '')
      return socket
    }),
  )
}
