import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { loadConfig } from '../../src/room-config.ts'

const root = join(import.meta.dir, '../..')
const read = (path: string) => Bun.file(join(root, path)).text()
const settings = Bun.YAML.parse(await read('deploy/kubernetes/configuration.yaml')) as { data: Record<string, string> }
const secrets = Bun.YAML.parse(await read('deploy/kubernetes/secrets.example.yaml')) as {
  stringData: Record<string, string>
}[]
const deployment = Bun.YAML.parse(await read('deploy/kubernetes/deployment.yaml')) as {
  spec: {
    template: {
      spec: {
        terminationGracePeriodSeconds: number
        containers: { readinessProbe: { periodSeconds: number; failureThreshold: number } }[]
      }
    }
  }
}
const [server, owner] = secrets.map(({ stringData }) => stringData)

/** The example with something in each placeholder. */
const filled = Object.fromEntries(
  Object.entries({ ...settings.data, ...server }).map(([name, value]) => [
    name,
    value
      .replace('<secret>', randomBytes(48).toString('base64'))
      .replace('<url-safe-secret>', randomBytes(16).toString('hex'))
      .replace(/<([a-z-]+)>/, '$1.example.com'),
  ]),
)

test('production accepts the ConfigMap and the Secret of Kubernetes, once the secrets are filled in', () => {
  expect(loadConfig(filled)).toMatchObject({ production: true, databaseSsl: 'verify-full' })
})

test('the ConfigMap holds no secret, and the service has no URL but its own role’s', () => {
  expect(
    Object.keys(settings.data).filter((name) => /SECRET|_KEYS?$|TOKEN$|DATABASE_|SMTP_URL|REDIS/.test(name)),
  ).toEqual([])
  expect(Object.keys(server ?? {})).not.toContain('DATABASE_MIGRATION_URL')
  expect(Object.keys(owner ?? {})).toEqual(['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_ADMIN_URL'])
})

test('Kubernetes waits longer for the shutdown than it may take, and for draining than two probes do', () => {
  const { terminationGracePeriodSeconds, containers } = deployment.spec.template.spec
  expect(terminationGracePeriodSeconds * 1000).toBeGreaterThan(Number(settings.data.SHUTDOWN_TIMEOUT_MS))
  const [{ readinessProbe } = { readinessProbe: { periodSeconds: 0, failureThreshold: 0 } }] = containers
  expect(readinessProbe.periodSeconds).toBeGreaterThan(0)
  expect(Number(settings.data.DRAIN_DELAY_MS)).toBeGreaterThan(
    readinessProbe.periodSeconds * readinessProbe.failureThreshold * 1000,
  )
})
