import { startPeer } from './peers.ts'
import { runLoad, startServer } from './processes.ts'
import { type Figure, plain } from './report.ts'
import { asBytes } from './requests.ts'
import type { Setting } from './side-by-side.ts'
import { median } from './statistics.ts'

/**
 * The time from spawning to the first 200, in turns with Fastify; and the slowest of 32 concurrent requests after it.
 */
export async function compareStarts({ environment, people, effort, compiled }: Setting): Promise<Figure[]> {
  const programs: [string, string[] | undefined][] = [['sources', undefined]]
  if (compiled) programs.push(['compiled', [compiled, 'serve']])
  const [times, first, fastify] = [new Map<string, number[]>(), new Map<string, number[]>(), [] as number[]]
  const note = (map: Map<string, number[]>, name: string, ms: number) => map.set(name, [...(map.get(name) ?? []), ms])
  const [someone] = people
  for (let start = 0; start < effort.starts && someone; start++) {
    const peer = await startPeer('Fastify', environment.DATABASE_URL)
    if (!('missing' in peer)) {
      fastify.push(peer.readyMs)
      await peer.stop()
    }
    for (const [name, command] of programs) {
      const server = await startServer(environment, { pin: true, command })
      note(times, name, server.readyMs)
      const requests = [asBytes.get('/v1/me', someone)]
      note(first, name, (await runLoad({ port: server.port, connections: 32, seconds: 0, requests })).p99)
      await server.stop()
    }
  }
  const share = (name: string) => median(times.get(name) ?? []) / median(fastify)
  const atMost = (what: string, value: number, goal: number, unit: string): Figure => ({
    what,
    figure: `${value.toFixed(unit ? 0 : 2)}${unit}`,
    goal: `≤ ${goal}${unit}`,
    met: Number.isNaN(value) ? null : value <= goal,
  })
  return [
    plain('start to first 200: Fastify', `${median(fastify).toFixed(0)} ms`),
    ...programs.flatMap(([name]) => [
      plain(`start to first 200: ${name}`, `${median(times.get(name) ?? []).toFixed(0)} ms`),
      atMost(`start : Fastify's, ${name}`, share(name), name === 'compiled' ? 0.35 : 0.8, ''),
      atMost(`first 32 GET /v1/me at once after the start, p99, ${name}`, median(first.get(name) ?? []), 100, ' ms'),
    ]),
  ]
}
