import type { Load } from './load.ts'
import { coreSeconds, residentMegabytes, runLoad } from './processes.ts'
import { median } from './statistics.ts'

/** A server that is measured in rounds; `micros`: microseconds of its core for a request, by round. */
export type Contender = {
  name: string
  pid: number
  load: Omit<Load, 'seconds'>
  answered: number
  micros: number[]
  perSecond: number[]
  /** Microseconds of the rounds within the first 100,000 requests, and of those after 150,000. */
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
 * Measures the contenders in turn, so that other load of the machine affects all alike, until `isEnough`. Ratios are of
 * the processor time of the servers themselves, which other load changes little.
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

/** Microseconds after the warm-up; those of the last half of the rounds where it is not reached. */
export function settled({ warm, micros }: Contender): number {
  return median(warm.length >= 3 ? warm : micros.slice(micros.length >> 1))
}

/** The number of requests that `a` answers with the processor time of one request of `b`. */
export const ratio = (a: number, b: number): number => b / a

export const show = (micros: number): string => `${micros.toFixed(1)} µs`
