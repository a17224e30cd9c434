import { mintApiKey } from '../../src/api-keys/format.ts'
import { hashToken } from '../../src/crypto/hash.ts'
import type { TestApp } from './app.ts'

type Options = {
  permissions?: string[]
  ipRanges?: string[] | null
  expiresAt?: Date | null
}

/** An API key inserted into the table. */
export async function givenApiKey(
  { sql }: TestApp,
  accountId: string,
  { permissions = ['profile.read', 'dashboard.read'], ipRanges = null, expiresAt = null }: Options = {},
): Promise<{ id: string; key: string; prefix: string }> {
  const id = Bun.randomUUIDv7()
  const { key, prefix } = mintApiKey()
  await sql`
    insert into api_keys (id, account_id, name, prefix, key_hash, permissions, ip_ranges, expires_at)
    values (${id}, ${accountId}, 'Nightly report', ${prefix}, ${hashToken(key)}, ${permissions}, ${ipRanges}, ${expiresAt})`
  return { id, key, prefix }
}
