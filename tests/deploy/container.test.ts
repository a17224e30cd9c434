import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from '../support/cluster.ts'
import { asRoot, buildImage, type ImageConfig, run } from '../support/image.ts'

/** The image, run by hand in a mount namespace as an orchestrator would: its files as a read-only root, and a /tmp. */

const project = join(import.meta.dir, '../..')
const needed = ['buildah', 'unshare', 'chroot', 'ldd']
const missing = needed.filter((program) => !Bun.which(program))

if (missing.length > 0 && !process.env.CI)
  process.stderr.write(
    `SKIPPED: the container is not tested, for ${missing.join(', ')} is missing (apt-get install buildah)\n`,
  )

describe.skipIf(missing.length > 0 && !process.env.CI)('the container', () => {
  let work = ''
  let root = ''
  let size = ''
  let config: ImageConfig
  let database: Awaited<ReturnType<typeof createDatabase>>
  let origin = ''

  beforeAll(async () => {
    expect(missing).toEqual([])
    database = await createDatabase()
    work = mkdtempSync(join(tmpdir(), 'manas360-container-'))
    ;({ root, size, config } = await buildImage(work))
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    const secret = () => randomBytes(48).toString('base64')
    writeEntry({
      ...Object.fromEntries(config.Env.map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)])),
      PORT: String(port),
      PUBLIC_URL: 'https://api.manas360.test',
      DATABASE_URL: database.url,
      JWT_SECRET: secret(),
      JWT_REFRESH_SECRET: secret(),
      AUDIT_KEY: secret(),
      DATA_KEY: secret(),
      MAIL: 'off',
      LOG_LEVEL: 'warn',
    })
  })

  afterAll(async () => {
    await database?.drop()
    if (work) await run([...asRoot, 'rm', '-rf', work])
    rmSync(work, { recursive: true, force: true })
  })

  test('says how it is run: not as root, in production mode, with a health check of its own and a graceful signal', () => {
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/manas360'],
      Cmd: ['serve'],
      StopSignal: 'SIGTERM',
      ExposedPorts: { '3000/tcp': {} },
      Healthcheck: { Test: ['CMD', '/manas360', 'healthcheck'] },
      Env: expect.arrayContaining(['NODE_ENV=production']),
    })
  })

  test('says what it is and what it was made from, in the labels of OCI', () => {
    const labels = Object.entries(config.Labels).filter(([name]) => name.startsWith('org.opencontainers.image.'))
    const said = Object.fromEntries(labels.map(([name, value]) => [name.split('.image.')[1], value]))
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    expect(said).toEqual({
      title: 'manas360-backend',
      description: expect.stringMatching(/./),
      licenses: 'MIT',
      version,
      revision: expect.stringMatching(/^[0-9a-f]{40}$/),
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/),
      source: expect.stringMatching(/^(?:https:\/\/[^\s@]+|unknown)$/),
      'base.name': 'gcr.io/distroless/cc-debian12:nonroot',
      'base.digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    })
  })

  test('adds one file to its base, and that is the program', async () => {
    const files = await run([...asRoot, 'find', root, '-type', 'f', '-not', '-path', '*/lib*/*', '-printf', '/%P\n'])
    expect(files.split('\n').filter((file) => !/^\/(?:etc|dev|proc|sys|run)\//.test(file))).toEqual(['/manas360'])
  })

  test('serves the whole story on a read-only file system as an ordinary user, is told healthy by its own command, and ends at SIGTERM', async () => {
    const startedAt = performance.now()
    const server = start(['/manas360', ...config.Cmd])
    const [, ...health] = config.Healthcheck.Test
    try {
      await firstAnswer(server)
      const milliseconds = Math.round(performance.now() - startedAt)
      process.stderr.write(`The image takes ${size}; its first answer came ${milliseconds} ms after its start.\n`)
      for (const path of ['/live', '/ready', '/health'])
        expect([path, await (await fetch(origin + path)).json()]).toEqual([path, { status: 'ok' }])
      expect(await start(health).exited).toBe(0)

      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
      if (asRoot.length === 0) expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m)

      // Registering hashes a password, by native code that has to find its C library in this very image.
      const smoke = [process.execPath, '--no-env-file', join(project, 'scripts/smoke.ts'), origin]
      const enter = [...asRoot, join(work, 'enter'), '/manas360'].join(' ')
      const told = await run([...smoke, '--program', enter], { PATH: process.env.PATH ?? '' })
      expect(told).toContain('The audit trail is whole')
      expect(told).toMatch(/All \d+ steps held/)
    } finally {
      server.kill('SIGTERM')
    }
    expect(await server.exited).toBe(0)
    expect(await start(health).exited).toBe(1)
  })

  /** Writes `enter COMMAND…`, which runs a command with the image as its read-only root and a temporary /tmp. */
  function writeEntry(environment: Record<string, string>): void {
    const [user = ''] = config.User.split(':')
    const pairs = Object.entries(environment).map(([name, value]) => `${name}='${value}'`)
    const inside = `set -e
      root=$1; shift
      mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
      mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
      mount --bind /proc "$root/proc"; mount --bind /dev "$root/dev"
      if touch "$root/written" 2>/dev/null; then echo "the root is writable" >&2; exit 99; fi
      exec "$(command -v chroot)" --userspec=${user}:${user} --groups=${user} "$root" "$@"`
    const file = join(work, 'enter')
    const path = process.env.PATH ?? ''
    writeFileSync(
      file,
      `#!/bin/sh\nexec env -i PATH='${path}' unshare --mount env ${pairs.join(' ')} sh -c '${inside}' sh '${root}' "$@"\n`,
    )
    chmodSync(file, 0o700)
  }

  function start(command: string[]) {
    const argv = [...asRoot, join(work, 'enter'), ...command]
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
})

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
