import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { end, freePort, untilSaid } from '../../scripts/cluster/child.ts'
import { findRedisServer } from '../../scripts/cluster/redis-server.ts'
import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'
import { compiledProgram } from '../support/compiled.ts'
import { readCompose, readEnvironment, type Service } from '../support/compose.ts'
import { ask } from '../support/embedded.ts'
import { run } from '../support/image.ts'
import { until } from '../support/server-process.ts'
import { describeWith } from '../support/tools.ts'

/**
 * What deploy/compose.yaml puts together, without Docker: its commands, variables, certificate and proxy with the programs of
 * this machine, in its order. Only names of hosts and paths are replaced.
 */

const project = join(import.meta.dir, '../..')

describeWith(['openssl', 'haproxy', findRedisServer() ?? 'redis-server'], 'openssl haproxy redis-server')(
  'compose',
  () => {
    const work = mkdtempSync(join(tmpdir(), 'manas360-compose-run-'))
    const secret = (name: string) => join(work, 'secrets', name)
    const mails: string[] = []
    const running: Bun.Subprocess[] = []
    const stops: (() => unknown)[] = []
    let services: Record<string, Service>
    let address: Record<string, string> = {}
    let variables: Record<string, string> = {}

    beforeAll(async () => {
      await run([process.execPath, join(project, 'scripts/compose-secrets.ts'), '--directory', work])
      variables = readEnvironment(join(work, '.env'))
      services = readCompose(variables).services
      address = {
        'postgres:5432': await startPostgres(),
        'valkey:6379': await startValkey(),
        'mail:1025': await startMail(),
        'api:3000': `127.0.0.1:${await freePort()}`,
      }
    })

    afterAll(async () => {
      for (const child of running.reverse()) await end(child)
      for (const stop of stops.reverse()) await stop()
      rmSync(work, { recursive: true, force: true })
    })

    test('its roles are made, its schema migrated, and its API serves over TLS, sends mail over TLS and counts in Valkey', async () => {
      expect(await program('roles')).toMatch(/^manas360: (?:made for|given to) manas360_owner$/m)
      expect(await program('migrate')).toMatch(/./)
      const environment = environmentOf('api')
      const port = address['api:3000']?.split(':')[1] ?? ''
      const settings = { PORT: port, LOG_LEVEL: 'info', DRAIN_DELAY_MS: '0' }
      const api = spawn([await compiledProgram(), 'serve'], { ...environment, ...settings })
      const [beginning, whole] = api.stdout.tee()
      const log = new Response(whole).text()
      await untilSaid(beginning, /"msg":"serving"/)
      const origin = await startProxy()
      const tls = { ca: readFileSync(secret('ca.pem'), 'utf8') }
      const call = (path: string, init?: RequestInit) => fetch(origin + path, { ...init, tls } as RequestInit)
      await until(
        async () => (await call('/ready').catch(() => null))?.status === 200,
        30,
        'the proxy gives it requests',
      )

      const post = (path: string, body: object) =>
        call(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      const email = 'compose@example.com'
      const registered = await post('/v1/auth/register', { email, password: 'seven quiet herons at dawn' })
      expect(registered.status).toBe(201)
      // Counted in Valkey, or it would not say so.
      expect(registered.headers.get('ratelimit-policy')).toMatch(/./)
      expect((await post('/v1/auth/password/forgot', { email })).status).toBe(202)
      await until(() => mails.some((mail) => mail.includes('https://localhost:8443/account/')), 30, 'a mail comes')

      const health = await call('/health', { headers: { Authorization: `Bearer ${variables.OPS_TOKEN}` } })
      expect(await health.json()).toMatchObject({ status: 'ok', rateLimits: { countedIn: 'redis', status: 'ok' } })
      expect(
        (await call('/metrics', { headers: { Authorization: `Bearer ${readFileSync(secret('ops-token'))}` } })).status,
      ).toBe(200)

      await end(api)
      expect(await log).toMatch(/"drainMs":0,"msg":"draining"}\n(?:.*\n)*.*"msg":"stopped"}\n$/)
    })

    /** A service's variables, with this machine's addresses and paths. */
    function environmentOf(name: string): Record<string, string> {
      const given = Object.entries(services[name]?.environment ?? {})
      return Object.fromEntries(given.map(([variable, value]) => [variable, here(value)]))
    }

    function here(value: string): string {
      const placed = value.replaceAll('/tls/', `${join(work, 'secrets')}/`)
      return Object.entries(address).reduce((text, [from, to]) => text.replaceAll(from, to), placed)
    }

    async function program(name: string): Promise<string> {
      return run([await compiledProgram(), ...(services[name]?.command ?? [])], environmentOf(name))
    }

    function spawn(argv: string[], env: Record<string, string> = {}) {
      const child = Bun.spawn(argv, {
        env: { PATH: process.env.PATH ?? '', ...env },
        stdout: 'pipe',
        stderr: 'inherit',
      })
      running.push(child)
      return child
    }

    /** With the settings that its entry point gives it; a key that is its own user's is all that it takes. */
    async function startPostgres(): Promise<string> {
      const dataDir = join(work, 'postgres')
      const server = await openEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } })
      stops.push(() => server.stop())
      const { uid, gid } = statSync(dataDir)
      for (const name of ['cert.pem', 'key.pem']) {
        copyFileSync(secret(name), join(dataDir, name))
        chownSync(join(dataDir, name), uid, gid)
        await Bun.$`chmod 600 ${join(dataDir, name)}`
      }
      const [, ssl = ''] =
        /docker-entrypoint\.sh postgres (.+)$/.exec(services.postgres?.entrypoint?.at(-1)?.trim() ?? '') ?? []
      for (const [, setting = '', value = ''] of ssl.matchAll(/-c (\w+)=(\S+)/g))
        await ask(server.url, `alter system set ${setting} = '${value.replace(/^\/(?:tls|tmp)\//, '')}'`)
      await ask(server.url, 'select pg_reload_conf()')
      return `localhost:${new URL(server.url).port}`
    }

    async function startValkey(): Promise<string> {
      const port = await freePort()
      const [, ...args] = services.valkey?.command ?? []
      const placed = args.map((arg) => (arg === '6379' ? `${port}` : here(arg)))
      await untilSaid(spawn([findRedisServer() ?? '', ...placed]).stdout, /Ready to accept connections/)
      return `localhost:${port}`
    }

    async function startMail(): Promise<string> {
      const [certificate, key] = [readFileSync(secret('cert.pem')), readFileSync(secret('key.pem'))]
      const server = new SMTPServer({
        cert: certificate,
        key,
        logger: false,
        disabledCommands: ['AUTH'],
        disableReverseLookup: true,
        onData(stream, session, done) {
          void new Response(stream as unknown as ReadableStream).text().then((text) => {
            mails.push(session.secure ? text.replace(/=\r?\n/g, '') : 'not encrypted')
            done()
          })
        },
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      stops.push(() => new Promise<void>((resolve) => server.close(resolve)))
      const bound = server.server.address()
      return `localhost:${typeof bound === 'object' && bound ? bound.port : 0}`
    }

    async function startProxy(): Promise<string> {
      const port = await freePort()
      const configuration = readFileSync(join(project, 'deploy/compose/haproxy.cfg'), 'utf8')
      const file = join(work, 'haproxy.cfg')
      // The resolver is Docker's own.
      writeFileSync(
        file,
        here(configuration)
          .replace('bind :8443', `bind 127.0.0.1:${port}`)
          .replace(' resolvers docker init-addr last,libc,none', ''),
      )
      await run(['haproxy', '-c', '-f', file])
      spawn(['haproxy', '-db', '-f', file])
      return `https://localhost:${port}`
    }
  },
)
