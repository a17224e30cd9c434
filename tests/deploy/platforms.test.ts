import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { knownVariables, loadConfig } from '../../src/room-config.ts'

const read = (file: string) => Bun.file(join(import.meta.dir, '../..', file)).text()

type Named = { name: string; value?: string; valueFrom?: string }
type Task = { containerDefinitions: { environment: Named[]; secrets: Named[]; stopTimeout: number; user: string }[] }
type Fly = { env: Record<string, string>; kill_timeout: string }

const secret = /SECRET|_KEYS?$|TOKEN$|DATABASE_|SMTP_URL/

test('the ECS task names only variables that the program knows, and takes every secret from the secret store', async () => {
  const task: Task = JSON.parse(await read('deploy/ecs-task-definition.json'))
  for (const { environment, secrets } of task.containerDefinitions) {
    expect(
      [...environment, ...secrets].map(({ name }) => name).filter((name) => !knownVariables.includes(name)),
    ).toEqual([])
    expect(environment.filter(({ name }) => secret.test(name))).toEqual([])
    for (const { valueFrom } of secrets) expect(valueFrom).toStartWith('arn:aws:ssm:')
  }
})

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

test('both platforms wait longer for the shutdown than it may take', async () => {
  const fly = Bun.TOML.parse(await read('deploy/fly.toml')) as Fly
  expect(parseInt(fly.kill_timeout, 10) * 1000).toBeGreaterThan(Number(fly.env.SHUTDOWN_TIMEOUT_MS))
  const task: Task = JSON.parse(await read('deploy/ecs-task-definition.json'))
  for (const { environment, stopTimeout } of task.containerDefinitions) {
    const limit = environment.find(({ name }) => name === 'SHUTDOWN_TIMEOUT_MS')?.value
    expect(stopTimeout * 1000).toBeGreaterThan(Number(limit))
  }
})
