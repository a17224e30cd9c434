import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createDatabase } from './support/cluster.ts'
import { compiledProgram } from './support/compiled.ts'

/**
 * The image's final stage, made by buildah without a daemon and without a registry: on a base of the C library and its
 * like alone, as the distroless one is. It is run by hand in a mount namespace with the image as its read-only root.
 */

const project = join(import.meta.dir, '..')
const needed = ['buildah', 'unshare', 'chroot', 'ldd']
const missing = needed.filter((program) => !Bun.which(program))
const image = 'localhost/manas360-test'
/** Mounts need root. */
const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']

if (missing.length > 0 && !process.env.CI)
  process.stderr.write(
    `SKIPPED: the container is not tested, for ${missing.join(', ')} is missing (apt-get install buildah)\n`,
  )

describe.skipIf(missing.length > 0 && !process.env.CI)('the container', () => {
  let work = ''
  let root = ''
  let config: Record<string, unknown>
  let database: Awaited<ReturnType<typeof createDatabase>>
  let environment: Record<string, string>
  let origin = ''

  beforeAll(async () => {
    expect(missing).toEqual([])
    database = await createDatabase()
    work = mkdtempSync(join(tmpdir(), 'manas360-container-'))
    const context = join(work, 'context')
    mkdirSync(context)
    cpSync(await compiledProgram(), join(context, 'manas360'))
    await makeBase(join(context, 'base'), join(context, 'manas360'))
    writeFileSync(join(context, 'Base'), 'FROM scratch\nCOPY base /\n')
    writeFileSync(join(context, 'Final'), finalStage())
    const build = ['bud', '--isolation', 'chroot', '--format', 'docker', '--quiet']
    await buildah(...build, '-t', `${image}-base`, '-f', join(context, 'Base'), context)
    await buildah(...build, '--build-arg', `BASE=${image}-base`, '-t', image, '-f', join(context, 'Final'), context)
    config = JSON.parse(await buildah('inspect', '--type', 'image', image)).Docker.config
    const container = await buildah('from', '--pull-never', image)
    root = await buildah('mount', container)

    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    const secret = () => randomBytes(48).toString('base64')
    environment = {
      ...Object.fromEntries(
        (config.Env as string[]).map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)]),
      ),
      PORT: String(port),
      PUBLIC_URL: 'https://api.manas360.test',
      DATABASE_URL: database.url,
      JWT_SECRET: secret(),
      JWT_REFRESH_SECRET: secret(),
      AUDIT_KEY: secret(),
      DATA_KEY: secret(),
      MAIL: 'off',
    }
  }, 120_000)

  afterAll(async () => {
    await database?.drop()
    if (work) await run([...asRoot, 'rm', '-rf', work])
    rmSync(work, { recursive: true, force: true })
  }, 60_000)

  test('says how it is run: not as root, in production mode, with a health check of its own and a graceful signal', () => {
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/manas360'],
      Cmd: ['serve'],
      StopSignal: 'SIGTERM',
      ExposedPorts: { '3000/tcp': {} },
      Healthcheck: { Test: ['CMD', '/manas360', 'healthcheck'] },
      Env: expect.arrayContaining(['NODE_ENV=production']),
      Labels: expect.objectContaining({ 'org.opencontainers.image.licenses': 'MIT' }),
    })
  })

  test('adds one file to its base, and that is the program', async () => {
    const files = await run([...asRoot, 'find', root, '-type', 'f', '-not', '-path', '*/lib*/*', '-printf', '/%P\n'])
    expect(files.split('\n').filter((file) => !/^\/(?:etc|dev|proc|sys|run)\//.test(file))).toEqual(['/manas360'])
  })

  test('serves on a read-only file system as an ordinary user, is told healthy by its own command, and ends at SIGTERM', async () => {
    const server = start(['/manas360', ...(config.Cmd as string[])])
    const [, ...health] = (config.Healthcheck as { Test: string[] }).Test
    try {
      await firstAnswer(server)
      for (const path of ['/live', '/ready', '/health'])
        expect([path, await (await fetch(origin + path)).json()]).toEqual([path, { status: 'ok' }])
      expect(await start(health).exited).toBe(0)

      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
      if (asRoot.length === 0) expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m)

      // The password hash is native code, which has to find its C library in this very image.
      const body = { email: 'container@example.com', password: randomBytes(18).toString('base64url') }
      const headers = { 'Content-Type': 'application/json' }
      const registered = await fetch(`${origin}/v1/auth/register`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      expect(registered.status).toBe(201)
    } finally {
      server.kill('SIGTERM')
    }
    expect(await server.exited).toBe(0)
    expect(await start(health).exited).toBe(1)
  }, 60_000)

  /** Runs a command with the image as its read-only root and a temporary /tmp, as an orchestrator would. */
  function start(command: string[]) {
    const [user = ''] = String(config.User).split(':')
    const script = `set -e
      root=$1; shift
      mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
      mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
      mount --bind /proc "$root/proc"; mount --bind /dev "$root/dev"
      if touch "$root/written" 2>/dev/null; then echo 'the root is writable' >&2; exit 99; fi
      exec env -i ${Object.entries(environment)
        .map(([name, value]) => `${name}='${value}'`)
        .join(' ')} "$(command -v chroot)" --userspec=${user}:${user} --groups=${user} "$root" "$@"`
    const argv = [...asRoot, 'unshare', '--mount', 'sh', '-c', script, 'sh', root, ...command]
    return Bun.spawn(argv, { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
  }

  async function firstAnswer(server: Bun.Subprocess): Promise<void> {
    while (server.exitCode === null) {
      if (
        await fetch(`${origin}/live`).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return
      await Bun.sleep(20)
    }
    throw new Error(`the server ended with ${server.exitCode}`)
  }

  async function buildah(...args: string[]): Promise<string> {
    const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs']
    return run([...asRoot, 'buildah', ...storage, ...args])
  }
})

/** The Dockerfile from its last FROM on, with the file that its first stage would have made taken from the context. */
function finalStage(): string {
  const text = readFileSync(join(project, 'Dockerfile'), 'utf8')
  const stage = text.slice(text.lastIndexOf('\nFROM '))
  const copied = stage.replace('COPY --from=build /app/dist/manas360 ', 'COPY manas360 ')
  expect(copied).not.toBe(stage)
  return `ARG BASE\n${copied}`
}

/** What distroless/cc has that the program loads: the loader, the C library and its parts, libgcc. No shell, no ldd. */
async function makeBase(base: string, program: string): Promise<void> {
  const [addon = ''] = [
    ...new Bun.Glob('node_modules/@node-rs/argon2-*/*.node').scanSync({ cwd: project, absolute: true }),
  ]
  const linked = await run(['ldd', program, addon])
  const files = new Set([...linked.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, file = '']) => file))
  for (const file of files) {
    mkdirSync(join(base, dirname(file)), { recursive: true })
    cpSync(file, join(base, file), { dereference: true })
  }
  for (const directory of ['tmp', 'proc', 'dev', 'etc']) mkdirSync(join(base, directory), { recursive: true })
  chmodSync(join(base, 'tmp'), 0o1777)
}

/** What the command printed; fails with its complaints. */
async function run(argv: string[]): Promise<string> {
  const child = Bun.spawn(argv, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [out, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${complaints}${out}`)
  return out.trim()
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
