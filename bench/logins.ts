import { join } from 'node:path'
import type { Effort } from './chain-costs.ts'
import type { Peer } from './peers.ts'
import { type Child, pinned } from './processes.ts'
import { atLeast, type Figure, plain } from './report.ts'
import { asBytes, type Person } from './requests.ts'
import { ratio, show, takeTurns, toContender } from './rounds.ts'
import { median } from './statistics.ts'

/**
 * Log-ins beside those of Fastify with npm's argon2, and beside a process that does nothing but hash, round by round in turn: what a
 * hash costs depends on what else uses the caches of the machine. Both servers have answered log-ins for a while before.
 */
export async function compareLogins(
  ours: Child,
  { people, effort }: { people: Person[]; effort: Effort },
  peer?: Peer,
): Promise<Figure[]> {
  const logins = (requests: string[], { port }: Child) => ({ port, connections: 4, requests })
  const mine = toContender('ours', ours.pid, logins(people.map(asBytes.login), ours))
  const other = peer && toContender(peer.name, peer.pid, logins([asBytes.login(peer.person)], peer))
  const both = other ? [mine, other] : [mine]
  await takeTurns(both, effort.warmUp, (rounds) => rounds >= 1)
  for (const one of both) one.micros.length = 0
  const hashes: number[] = []
  for (let round = 0; round < Math.min(effort.rounds, 5); round++) {
    await takeTurns(both, effort.round, (rounds) => rounds >= 1)
    hashes.push(await hashMicros())
  }
  const [own, hash, theirs] = [median(mine.micros), median(hashes), other ? median(other.micros) : Number.NaN]
  return [
    plain('log-in: of a core, ours, Fastify with argon2, a hash alone', [own, theirs, hash].map(show).join(', ')),
    atLeast('log-ins : Fastify with npm argon2', ratio(own, theirs), 1.8),
    atLeast('log-ins : what the core hashes alone', ratio(own, hash), 0.85),
  ]
}

/** Processor time of one hash in a process that does nothing else, on the server's core. */
async function hashMicros(): Promise<number> {
  const child = Bun.spawn(pinned(0, [process.execPath, join(import.meta.dir, 'hash-alone.ts')]), {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  return Number(await new Response(child.stdout).text())
}
