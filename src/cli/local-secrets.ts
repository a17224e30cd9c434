import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const names = ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY'] as const
/** Names that folders of earlier versions lack; the secret is then derived from JWT_REFRESH_SECRET. */
const laterNames = ['DATA_KEY'] as const

/**
 * Fills in unset secrets outside production: generated once and stored in `directory` (mode 0600), so that tokens
 * survive a restart.
 */
export function withLocalSecrets(
  environment: Record<string, string | undefined>,
  directory: string,
): Record<string, string | undefined> {
  if (environment.NODE_ENV === 'production' || names.every((name) => environment[name])) return environment
  const file = join(directory, 'secrets.json')
  mkdirSync(directory, { recursive: true })
  try {
    // wx: of two first starts at once, one writes and the other reads.
    writeFileSync(file, JSON.stringify(randomSecrets(), null, 2), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const kept: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'))
  const unset = [...names, ...laterNames].filter((name) => !environment[name])
  return { ...environment, ...Object.fromEntries(unset.map((name) => [name, kept[name]])) }
}

/** A secret of 64 characters for each purpose. */
export function randomSecrets(): Record<(typeof names | typeof laterNames)[number], string> {
  const fresh = () => randomBytes(48).toString('base64')
  return { JWT_SECRET: fresh(), JWT_REFRESH_SECRET: fresh(), AUDIT_KEY: fresh(), DATA_KEY: fresh() }
}
