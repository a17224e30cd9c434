import { expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { authoritiesOf } from '../src/authorities.ts'
import { watchedLines } from '../src/data-alarms.ts'
import { idleSeconds } from '../src/load-balancer.ts'
import { Settings } from '../src/settings.ts'
import { databaseEnvironment, drainDelayMs, serviceEnvironment, shutdownTimeoutMs } from '../src/task.ts'
import { containersOf, example, firstOf, now, read, root, synthesise } from './synthesised.ts'

const { settings, service, release } = synthesise()
const container = containersOf(service)['manas360-service']
const names = [...(container?.Environment ?? []), ...(container?.Secrets ?? [])].map(({ Name }) => Name)
const lines = read('.env.production.example')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
const known = lines.map((line) => line.slice(0, line.indexOf('=')))
/** Values that somebody has to fill in. */
const required = lines.filter((line) => line.includes('<')).map((line) => line.slice(0, line.indexOf('=')))

test('the service gets every variable that production requires, and none that the program does not know', () => {
  expect(required).toEqual(
    expect.arrayContaining(['PUBLIC_URL', 'JWT_SECRET', 'AUDIT_KEY', 'DATA_KEY', 'SMTP_URL', 'MAIL_FROM']),
  )
  expect(required.filter((name) => !names.includes(name))).toEqual([])
  expect(names.filter((name) => !known.includes(name))).toEqual([])
  expect(new Set(names).size).toBe(names.length)
  for (const [, { Environment, Secrets }] of Object.entries(containersOf(release)))
    expect([...Environment, ...Secrets].map(({ Name }) => Name).filter((name) => !known.includes(name))).toEqual([])
})

test('commands that look at the database alone get nothing else', () => {
  expect(Object.keys(databaseEnvironment(settings, now))).toEqual(['NODE_ENV', 'PUBLIC_URL', 'DB_SSL', 'DB_CA'])
})

test('a setting that follows from others cannot be set beside them', () => {
  for (const environment of [{ DB_POOL_MAX: '90' }, { STRIPE_SECRET_KEY: 'sk_live_1' }])
    expect(() =>
      serviceEnvironment(Settings.parse({ ...example, environment, secrets: ['STRIPE_SECRET_KEY'] }), now),
    ).toThrow('follow from other settings')
})

test('settings with a slip in them are refused', () => {
  for (const change of [
    { acount: '1' },
    { account: '12' },
    { generations: { JWT_SECRET: [1, 2, 3] } },
    { secrets: ['lower'] },
  ])
    expect(() => Settings.parse({ ...example, ...change })).toThrow()
})

test('who waits for whom: request < load balancer < connection, and draining < shutdown < SIGKILL', () => {
  const value = (name: string) => Number(container?.Environment.find(({ Name }) => Name === name)?.Value)
  const requestMs = Number(/^REQUEST_TIMEOUT_MS=(\d+)$/m.exec(read('.env.production.example'))?.[1])
  expect(requestMs).toBeGreaterThan(0)
  expect(requestMs / 1000).toBeLessThan(idleSeconds)
  expect(idleSeconds).toBeLessThan(value('IDLE_TIMEOUT_SECONDS'))
  expect(service.findResources('AWS::ElasticLoadBalancingV2::LoadBalancer')).not.toEqual({})
  const check = firstOf(service, 'AWS::ElasticLoadBalancingV2::TargetGroup') as {
    HealthCheckIntervalSeconds: number
    UnhealthyThresholdCount: number
  }
  expect(drainDelayMs / 1000).toBeGreaterThan(check.HealthCheckIntervalSeconds * check.UnhealthyThresholdCount)
  expect(drainDelayMs).toBeLessThan(shutdownTimeoutMs)
  expect(shutdownTimeoutMs / 1000).toBeLessThan(container?.StopTimeout ?? 0)
})

test('the database’s authorities are those of the region that are still good, small enough for a task', () => {
  const bundle = authoritiesOf('ap-south-1', now)
  const certificates = bundle.match(/-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----/g) ?? []
  expect(certificates.length).toBeGreaterThanOrEqual(3)
  for (const pem of certificates) {
    const { subject, ca, validTo } = new X509Certificate(pem)
    expect([subject.includes('Amazon RDS ap-south-1'), ca, new Date(validTo) > now]).toEqual([true, true, true])
  }
  expect(bundle.length).toBeLessThan(16_000)
  expect(() => authoritiesOf('moon-east-1', now)).toThrow('moon-east-1')
})

test('the program says every line that an alarm waits for', async () => {
  const source = [...new Bun.Glob('src/**/*.ts').scanSync(root)].map(read).join('\n')
  const unsaid = Object.values(watchedLines).filter(({ message }) => !source.includes(`'${message}'`))
  expect(unsaid).toEqual([])
})
