import { Hono } from 'hono'
import { fuse } from '../../src/http/fuse.ts'
import { middleware } from '../../src/http/middleware.ts'
import { streaming } from '../../src/http/output/streaming.ts'
import type { PublicEnv } from '../../src/http/request.ts'

/**
 * A program of its own, because Bun's output cannot be captured within a process: serves a stream that fails, and reads
 * it once.
 */
const told: string[] = []
const deps = { log: { error: (_: object, text: string) => told.push(text) }, traffic: { countStream: () => {} } }
const app = new Hono<PublicEnv>()
  .use(
    middleware<PublicEnv>({
      name: 'open',
      before(c) {
        c.set('deps', deps as never)
        c.set('context', { id: 'one', streams: true } as never)
      },
    }),
    streaming(),
  )
  .get('/', () => new Response(new ReadableStream({ pull: () => Promise.reject(new Error('broke')) })))
fuse(app)
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, served) => app.fetch(request, { server: served }),
})
const outcome = await fetch(server.url)
  .then((answer) => answer.text())
  .then(
    () => 'whole',
    () => 'cut off',
  )
process.stdout.write(`${outcome}, ${told}`)
await server.stop(true)
