import type { Load } from './load.ts'
import { coreSeconds, residentMegabytes, runLoad } from './processes.ts'
import { median } from './statistics.ts'

/** What is asked of one server again and again; `micros` of its core for a request, round by round. */
export type Contender = {
  name: string
  pid: number
  load: Omit<Load, 'seconds'>
  answered: number
  micros: number[]
  perSecond: number[]
  /** Micros of the rounds within the first 100,000 requests, and of those after 150,000. */
  cold: number[]
  warm: number[]
  megabytes: number
}

const coldUntil = 100_000
const warmFrom = 150_000

export function toContender(name: string, pid: number, load: Omit<Load, 'seconds'>): Contender {
  return { name, pid, load, answered: 0, micros: [], perSecond: [], cold: [], warm: [], megabytes: Number.NaN }
}

/**
 * One round of each in turn, so that what else the machine does falls on all alike, until `isEnough`. The ratios are of the
 * processor time that the servers themselves used: what others take cannot falsify that much.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  seconds: number,
  isEnough: (rounds: number) => boolean,
): Promise<void> {
  for (let rounds = 0; !isEnough(rounds); rounds++)
    for (const contender of contenders) {
      const used = coreSeconds(contender.pid)
      const { answered, failed, perSecond } = await runLoad({ ...contender.load, seconds })
      if (failed > 0 || answered === 0) throw new Error(`${failed} requests to ${contender.name} failed`)
      const micros = ((coreSeconds(contender.pid) - used) / answered) * 1e6
      contender.micros.push(micros)
      contender.perSecond.push(perSecond)
      if (contender.answered + answered <= coldUntil || contender.answered === 0) contender.cold.push(micros)
      if (contender.answered >= warmFrom) contender.warm.push(micros)
      contender.answered += answered
      contender.megabytes = residentMegabytes(contender.pid)
    }
}

/** Micros once it has seen so many requests; of the last half of its rounds where it is too slow to see them. */
export function settled({ warm, micros }: Contender): number {
  return median(warm.length >= 3 ? warm : micros.slice(micros.length >> 1))
}

/** How many requests `a` answers with the processor time that `b` needs for one. */
export const ratio = (a: number, b: number): number => b / a

export const show = (micros: number): string => `${micros.toFixed(1)} µs`
