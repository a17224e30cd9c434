import { readFileSync } from 'node:fs'

/** Seconds that each core of the machine was busy since its start; empty where the system does not report them. */
export function busySeconds(): number[] {
  try {
    return [...readFileSync('/proc/stat', 'utf8').matchAll(/^cpu\d+ (.*)$/gm)].map(([, fields = '']) => {
      const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.split(' ').map(Number)
      return (user + nice + system + irq + softirq + steal) / 100
    })
  } catch {
    return []
  }
}

/** Megabytes of kernel memory in TCP sockets of the whole machine; NaN where the system does not report it. */
export function socketMegabytes(): number {
  try {
    const pages = /TCP: .* mem (\d+)/.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1]
    return (Number(pages ?? Number.NaN) * 4096) / 1e6
  } catch {
    return Number.NaN
  }
}
