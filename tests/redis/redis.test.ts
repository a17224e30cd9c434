import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedisServer } from '../../scripts/cluster/redis-server.ts'
import { createLogger } from '../../src/log/logger.ts'
import { openRedis, RedisError } from '../../src/redis/connection.ts'
import { reasonOf } from '../support/open-database.ts'
import { until } from '../support/server-process.ts'
import { describeWith } from '../support/tools.ts'

/** How long an answer may take: on a busy machine Redis is not lost before it is. */
const timeoutMs = 1_000

/** A link, closed after the file's tests, and what it logs. */
async function open(url: string) {
  const lines: string[] = []
  const log = createLogger({ level: 'info', destination: { write: (line: string) => void lines.push(line) } })
  const redis = openRedis({ url, log, timeoutMs })
  afterAll(() => redis.close())
  await redis.start()
  const said = (level: string) => lines.filter((line) => JSON.parse(line).level === level).length
  return { redis, lines, losses: () => said('error'), returns: () => said('info') }
}

async function start(settings?: string[]) {
  const server = await startRedisServer(settings)
  afterAll(() => server.stop())
  return server
}

describeWith(['redis-server'], 'redis-server')('the link to Redis', () => {
  test('refuses at once while Redis is lost, and goes on by itself when it is back; each is logged once', async () => {
    const server = await start()
    const { redis, losses, returns } = await open(server.url)
    expect(await redis.send('PING', [])).toBe('PONG')
    await server.kill()
    await until(() => !redis.isUp(), 5, 'the loss is noticed')
    for (let i = 0; i < 1_000; i++) expect(await reasonOf(redis.send('PING', []))).toBeInstanceOf(RedisError)
    await server.restart()
    await until(redis.isUp, 5, 'it is back')
    expect(await redis.send('PING', [])).toBe('PONG')
    expect([losses(), returns(), redis.losses()]).toEqual([1, 1, 1])
  })

  test('gives up a frozen Redis, sends it nothing more, and has it back when it thaws', async () => {
    const server = await start()
    const { redis, losses } = await open(server.url)
    const thaw = server.freeze()
    const waiting = await Promise.allSettled(Array.from({ length: 50 }, () => redis.send('PING', [])))
    expect(waiting.every(({ status }) => status === 'rejected')).toBeTrue()
    expect(redis.isUp()).toBeFalse()
    thaw()
    await until(redis.isUp, 5, 'it is back')
    expect([await redis.send('PING', []), losses()]).toEqual(['PONG', 1])
  })

  test('does not take its own process, busy for longer than an answer may take, for a loss', async () => {
    const { redis, losses } = await open((await start()).url)
    const answer = redis.send('PING', [])
    const endsAt = performance.now() + timeoutMs * 1.2
    while (performance.now() < endsAt);
    expect([await answer, redis.isUp(), losses()]).toEqual(['PONG', true, 0])
  })

  test('starts without Redis, and finds it later', async () => {
    const server = await start()
    await server.kill()
    const { redis, losses } = await open(server.url)
    expect([redis.isUp(), losses()]).toEqual([false, 1])
    await server.restart()
    await until(redis.isUp, 5, 'it is there')
  })

  test('a Redis that takes no writes counts as lost, until it does', async () => {
    const server = await start()
    const keeper = await open(server.url)
    await keeper.redis.send('CONFIG', ['SET', 'maxmemory', '1'])
    const { redis, losses, returns } = await open(server.url)
    expect(redis.isUp()).toBeFalse()
    await keeper.redis.send('CONFIG', ['SET', 'maxmemory', '0'])
    await until(redis.isUp, 5, 'it takes writes')
    await keeper.redis.send('REPLICAOF', ['127.0.0.1', '1'])
    expect(await reasonOf(redis.send('SET', ['a', 'b']))).toBeInstanceOf(RedisError)
    expect(redis.isUp()).toBeFalse()
    await keeper.redis.send('REPLICAOF', ['NO', 'ONE'])
    await until(redis.isUp, 5, 'it is no replica any more')
    expect([losses(), returns()]).toEqual([2, 2])
  })

  test('uses the password of the URL, and never shows it, right or wrong', async () => {
    const server = await start(['--requirepass', 'R1ghtS3cret'])
    const right = await open(server.url.replace('//', '//:R1ghtS3cret@'))
    expect(await right.redis.send('PING', [])).toBe('PONG')
    const wrong = await open(server.url.replace('//', '//:Wr0ngS3cret@'))
    expect(wrong.redis.isUp()).toBeFalse()
    await server.kill()
    await until(() => !right.redis.isUp(), 5, 'the loss is noticed')
    const said = [...right.lines, ...wrong.lines].join('')
    expect(said).toContain(`127.0.0.1:${server.port}`)
    expect(said).not.toContain('S3cret')
  })

  test('rediss:// says nothing to a server whose certificate nobody vouches for', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'manas360-redis-'))
    afterAll(() => rmSync(directory, { recursive: true, force: true }))
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const made = Bun.spawnSync([
      ...['openssl', 'req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-keyout', key, '-out', cert, ...subject],
    ])
    expect(made.exitCode).toBe(0)
    const tls = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no']
    const server = await startRedisServer(tls, '--tls-port')
    afterAll(server.stop)
    expect((await open(`rediss://localhost:${server.port}`)).redis.isUp()).toBeFalse()
    const vouched = Bun.spawn([process.execPath, join(import.meta.dir, '../support/redis-client.ts')], {
      env: { REDIS: `rediss://localhost:${server.port}`, NODE_EXTRA_CA_CERTS: cert },
      stdout: 'pipe',
    })
    expect((await new Response(vouched.stdout).text()).trim()).toBe('true')
  })
})
