import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { knownVariables, loadConfig } from '../../src/room-config.ts'

const read = (file: string) => Bun.file(join(import.meta.dir, '../..', file)).text()

type Fly = { env: Record<string, string>; kill_timeout: string }

const secret = /SECRET|_KEYS?$|TOKEN$|DATABASE_|SMTP_URL/

test('the Fly app names only variables that the program knows, and no secret', async () => {
  const { env } = Bun.TOML.parse(await read('deploy/fly.toml')) as Fly
  expect(Object.keys(env).filter((name) => !knownVariables.includes(name) || secret.test(name))).toEqual([])
})

test('the Fly app starts in production with its secrets: with mail, a second factor for administration, and nothing to buy', async () => {
  const { env } = Bun.TOML.parse(await read('deploy/fly.toml')) as Fly
  const page = await read('docs/deploying.md')
  const [command = ''] = /fly secrets set (?:.*\\\n)*.*/.exec(page) ?? []
  const names = [...command.matchAll(/([A-Z_]+)=/g)].map(([, name = '']) => name)
  const urls: Record<string, string> = {
    DATABASE_URL: 'postgres://manas360_server:p@db.example.com/manas360',
    DATABASE_MIGRATION_URL: 'postgres://manas360_owner:p@db.example.com/manas360',
    REDIS_URL: 'rediss://:p@redis.example.com',
    SMTP_URL: 'smtps://user:p@mail.example.com',
  }
  const secrets = names.map((name) => [name, urls[name] ?? randomBytes(48).toString('base64')])
  expect(loadConfig({ ...env, ...Object.fromEntries(secrets) })).toMatchObject({
    production: true,
    requireAdminMfa: true,
    databaseSsl: 'verify-full',
    mail: { mode: 'smtp' },
  })
})

test('Fly waits longer for the shutdown than it may take', async () => {
  const fly = Bun.TOML.parse(await read('deploy/fly.toml')) as Fly
  expect(parseInt(fly.kill_timeout, 10) * 1000).toBeGreaterThan(Number(fly.env.SHUTDOWN_TIMEOUT_MS))
})
