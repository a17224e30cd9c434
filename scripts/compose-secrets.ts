#!/usr/bin/env bun
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readOptions } from './options.ts'

/** The host names of the certificate. */
const hosts = ['localhost', 'postgres', 'valkey', 'mail']

const usage = `Makes what deploy/compose.yaml needs, once: passwords and keys in deploy/.env, and in deploy/secrets/ a certificate for
its services with the authority that vouches for it: bun scripts/compose-secrets.ts [options]

  --directory DIR   default deploy
  --help            this text

What is there stays as it is: the database keeps the passwords that it was made with.`

const { values: options } = readOptions(usage, {
  options: { directory: { type: 'string', default: join(import.meta.dir, '../deploy') } },
})
const directory = resolve(options.directory)
const secrets = join(directory, 'secrets')
const environment = join(directory, '.env')

if (existsSync(environment) || existsSync(secrets)) {
  process.stdout.write(
    `${environment} and ${secrets} are kept as they are; to start anew, remove both and the volumes\n`,
  )
} else {
  if (!Bun.which('openssl')) fail('openssl is missing: it makes the certificate')
  const opsToken = secret(24)
  // Only the owner may enter this folder; the files in it are read by the users of the containers that mount them.
  mkdirSync(secrets, { recursive: true, mode: 0o700 })
  makeCertificate()
  writeFileSync(join(secrets, 'ops-token'), opsToken)
  for (const name of readdirSync(secrets)) chmodSync(join(secrets, name), 0o644)
  writeFileSync(environment, lines(opsToken), { mode: 0o600 })
  process.stdout.write(
    `made ${environment} and ${secrets}; now run: docker compose --file deploy/compose.yaml up --build --wait\n`,
  )
}

function lines(opsToken: string): string {
  const values = {
    POSTGRES_PASSWORD: secret(24),
    OWNER_PASSWORD: secret(24),
    SERVER_PASSWORD: secret(24),
    VALKEY_PASSWORD: secret(24),
    GRAFANA_PASSWORD: secret(18),
    JWT_SECRET: secret(48),
    JWT_REFRESH_SECRET: secret(48),
    AUDIT_KEY: secret(48),
    DATA_KEY: secret(48),
    OPS_TOKEN: opsToken,
  }
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/**
 * Makes ca.pem, cert.pem, key.pem, and server.pem with the last two. The authority's private key is deleted: it signs
 * nothing more.
 */
function makeCertificate(): void {
  const file = (name: string) => join(secrets, name)
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = [
    '-subj',
    '/CN=MANAS360 on this machine',
    '-days',
    '825',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  ]
  openssl('req', '-x509', ...curve, ...authority)
  openssl('req', '-new', ...curve, '-subj', '/CN=localhost', '-keyout', file('key.pem'), '-out', file('request'))
  writeFileSync(file('extensions'), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')},IP:127.0.0.1\n`)
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('extensions')]
  openssl('x509', '-req', '-in', file('request'), ...signer, '-days', '825', '-out', file('cert.pem'))
  for (const name of ['ca.key', 'ca.srl', 'request', 'extensions']) rmSync(file(name), { force: true })
  const read = (name: string) => readFileSync(file(name), 'utf8')
  writeFileSync(file('server.pem'), read('cert.pem') + read('key.pem'))
}

function openssl(...args: string[]): void {
  const { success, stderr } = Bun.spawnSync(['openssl', ...args], { stdin: 'ignore' })
  if (!success) fail(stderr.toString())
}

/** Of characters that need no escape in a URL or a .env file. */
function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
