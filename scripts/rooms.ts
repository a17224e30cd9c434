#!/usr/bin/env bun
import { join } from 'node:path'
import { readOptions } from './options.ts'

const usage = `Writes biome.rooms.json, by which the linter checks the order of the rooms in src/: bun scripts/rooms.ts [--check]

  --check   writes nothing; exits with 1 where the file differs
  --help    this text`

/** The rooms of src/ from top to bottom: a room imports only rooms below it, types included. */
const rooms = [
  'cli',
  'ops',
  'console',
  'pages',
  'jobs',
  'import',
  'admin',
  'account',
  'billing',
  'teams',
  'recovery',
  'sso',
  'mfa',
  'passkeys',
  'auth',
  'webhooks',
  'api-keys',
  'consents',
  'account-links',
  'mail',
  'quotas',
  'changes',
  'access',
  'rate-limits',
  'catalogue',
  'telemetry',
  'idempotency',
  'audit',
  'http',
  'secrets',
  'db',
  'redis',
  'crypto',
  'addresses',
  'async',
  'log',
  'tracing',
  'brand',
  'text',
  'metrics',
  'config',
  'errors',
  'embedded-postgres',
]

const held = (includes: string[], above: string[], message: string) => ({
  includes,
  linter: {
    rules: {
      style: {
        noRestrictedImports: {
          level: 'error',
          options: { patterns: [{ group: above.map((name) => `**/${name}`), message }] },
        },
      },
    },
  },
})

const top = [
  'main.ts',
  'app.ts',
  'app-deps.ts',
  'background.ts',
  'room-config.ts',
  'room-jobs.ts',
  'room-metrics.ts',
  'room-sign-in-methods.ts',
  'server.ts',
  'services.ts',
]
const overrides = rooms.map((room, index) =>
  held(
    [`src/${room}/**`],
    [...(room === 'cli' ? ['main.ts'] : top), ...rooms.slice(0, index).map((above) => `${above}/**`)],
    `${room} lies below that room: hand in the value or function it needs (docs/architecture.md, "Rooms")`,
  ),
)
const file = join(import.meta.dir, '../biome.rooms.json')
const text = `${JSON.stringify({ overrides }, null, 2)}\n`
const { values: options } = readOptions(usage, { options: { check: { type: 'boolean' } } })
if (!options.check) {
  await Bun.write(file, text)
  Bun.spawnSync([join(import.meta.dir, '../node_modules/.bin/biome'), 'format', '--write', file])
} else if ((await Bun.file(file).text()).replace(/\s/g, '') !== text.replace(/\s/g, '')) {
  process.stderr.write('biome.rooms.json is not what scripts/rooms.ts makes: run bun scripts/rooms.ts\n')
  process.exitCode = 1
}
