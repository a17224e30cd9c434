import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DCLinter } from 'dclint'
import { knownVariables, loadConfig } from '../../src/room-config.ts'
import { composeFile, readCompose, readEnvironment } from '../support/compose.ts'
import { run } from '../support/image.ts'

const project = join(import.meta.dir, '../..')
const work = mkdtempSync(join(tmpdir(), 'manas360-compose-'))
const environment = join(work, '.env')
const secrets = join(work, 'secrets')
const makeSecrets = () => run([process.execPath, join(project, 'scripts/compose-secrets.ts'), '--directory', work])

beforeAll(() => makeSecrets())
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** The order of keys and services tells a story here. */
const linter = new DCLinter({
  rules: {
    'require-quotes-in-ports': [2, { quoteType: 'double' }],
    'require-project-name-field': 2,
    'no-unbound-port-interfaces': 2,
    'service-image-require-explicit-tag': 2,
    'service-keys-order': 0,
    'service-dependencies-alphabetical-order': 0,
    'services-alphabetical-order': 0,
    'top-level-properties-order': 0,
  },
  quiet: true,
  debug: false,
  exclude: [],
})
const lint = (file: string) =>
  linter.lintFiles([file], false).flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`))

test('the compose file is valid by the schema of Compose and its linter, which find mistakes', async () => {
  expect(lint(composeFile)).toEqual([])
  const text = await Bun.file(composeFile).text()
  const wrong = join(work, 'wrong.yaml')
  writeFileSync(wrong, text.replace('healthcheck:', 'healthchek:').replace('"127.0.0.1:8025:8025"', '"8025:8025"'))
  expect(lint(wrong)).not.toEqual([])
})

test('its secrets are made once, no two alike, and none is readable outside its folder', async () => {
  const made = readEnvironment(environment)
  expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length)
  expect(statSync(environment).mode & 0o077).toBe(0)
  expect(statSync(secrets).mode & 0o077).toBe(0)
  // The users of the containers read them.
  for (const name of ['ca.pem', 'cert.pem', 'key.pem', 'server.pem', 'ops-token'])
    expect([name, statSync(join(secrets, name)).mode & 0o777]).toEqual([name, 0o644])
  expect(existsSync(join(secrets, 'ca.key'))).toBe(false)
  expect(await makeSecrets()).toContain('are kept as they are')
  expect(readEnvironment(environment)).toEqual(made)
  const ignored = await Bun.file(join(project, '.gitignore')).text()
  expect(ignored.split('\n')).toEqual(expect.arrayContaining(['.env', 'deploy/secrets/']))
})

test('without its secrets nothing is started, and the command that makes them is named', async () => {
  const text = await Bun.file(composeFile).text()
  const variables = [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, variable = '']) => variable)
  expect(variables.filter((variable) => !variable.endsWith(':?run bun scripts/compose-secrets.ts'))).toEqual([])
  expect(Object.keys(readEnvironment(environment))).toEqual(
    expect.arrayContaining(variables.map((variable) => variable.split(':')[0] ?? '')),
  )
})

test('every service is bounded, checked and reached from this machine alone; what it mounts is there', () => {
  const { services, volumes } = readCompose(readEnvironment(environment))
  for (const [name, service] of Object.entries(services)) {
    const once = service.command?.length === 1
    expect([name, service.mem_limit, service.pids_limit]).toEqual([name, expect.any(String), expect.any(Number)])
    if (!once) expect([name, service.restart, !!service.healthcheck]).toEqual([name, 'unless-stopped', true])
    for (const port of service.ports ?? []) expect(port).toStartWith('127.0.0.1:')
    for (const [needed = '', { condition }] of Object.entries(service.depends_on ?? {})) {
      const isOnce = services[needed]?.command?.length === 1
      expect([needed, condition]).toEqual([needed, isOnce ? 'service_completed_successfully' : 'service_healthy'])
    }
    for (const volume of service.volumes ?? []) {
      const [source = '', , mode] = volume.split(':')
      if (!source.startsWith('.')) expect(Object.keys(volumes)).toContain(source)
      else {
        const file = source.startsWith('./secrets/') ? join(work, source) : join(dirname(composeFile), source)
        expect([volume, existsSync(file), mode]).toEqual([volume, true, 'ro'])
      }
    }
  }
})

test('Prometheus has the rules and the token that its configuration names, and asks the API under its name', async () => {
  const { services } = readCompose(readEnvironment(environment))
  const mounted = (name: string) => (services[name]?.volumes ?? []).map((volume) => volume.split(':')[1])
  const configuration = Bun.YAML.parse(
    await Bun.file(join(dirname(composeFile), 'observability/prometheus.yml')).text(),
  ) as {
    rule_files: string[]
    scrape_configs: {
      authorization: { credentials_file: string }
      dns_sd_configs: { names: string[]; port: number }[]
    }[]
  }
  const [scrape] = configuration.scrape_configs
  expect(mounted('prometheus')).toEqual(
    expect.arrayContaining([
      scrape?.authorization.credentials_file,
      ...configuration.rule_files.map((file) => `/etc/prometheus/${file}`),
    ]),
  )
  expect(scrape?.dns_sd_configs).toEqual([expect.objectContaining({ names: ['api'], port: 3000 })])
  expect(mounted('grafana')).toEqual(
    expect.arrayContaining(['/etc/grafana/provisioning', '/var/lib/grafana/dashboards']),
  )
})

test('the program gets what it knows, starts with it in production, and knows no password that it does not need', () => {
  const { services } = readCompose(readEnvironment(environment))
  const ours = Object.entries(services).filter(([, { image }]) => image === 'manas360:local')
  expect(ours.map(([name]) => name)).toEqual(['roles', 'migrate', 'api'])
  for (const [name, { environment: given = {}, read_only }] of ours) {
    const known = [...knownVariables, 'NODE_EXTRA_CA_CERTS']
    expect([name, Object.keys(given).filter((variable) => !known.includes(variable)), read_only]).toEqual([
      name,
      [],
      true,
    ])
  }
  const { environment: api = {}, stop_grace_period } = services.api ?? {}
  expect(Object.keys(api).filter((name) => /^DATABASE_(?:MIGRATION|ADMIN)/.test(name))).toEqual([])
  const config = loadConfig({ ...api, DB_CA: `file:${join(secrets, 'ca.pem')}` })
  expect(config).toMatchObject({ production: true, publicUrl: 'https://localhost:8443', requireAdminMfa: true })
  expect(parseInt(stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(config.shutdownTimeoutMs)
})
