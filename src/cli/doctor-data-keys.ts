import type { Db } from '../db/types.ts'
import type { Config } from '../room-config.ts'
import { countByKey } from '../secrets/reencrypt.ts'
import { createSecrets } from '../secrets/secrets.ts'
import { encryptedColumns } from './encrypted-columns.ts'
import type { Finding } from './finding.ts'

/**
 * Checks whether the configured keys decrypt everything that is encrypted at rest, and whether earlier ones are still
 * needed.
 */
export async function examineDataKeys(
  sql: Db,
  config: Pick<Config, 'dataKeys' | 'dataKeyIsDerived'>,
): Promise<Finding> {
  const secrets = createSecrets(config.dataKeys)
  const total = { current: 0, earlier: 0, unknown: 0 }
  for (const column of encryptedColumns) {
    const { current, earlier, unknown } = await countByKey(sql, secrets, column)
    total.current += current
    total.earlier += earlier
    total.unknown += unknown
  }
  const name = 'data keys'
  const detail = `key ${secrets.keyId}${config.dataKeyIsDerived ? ', derived from JWT_REFRESH_SECRET' : ''}: ${total.current} values under it, ${total.earlier} under an earlier one, ${total.unknown} under none at hand`
  if (total.unknown > 0)
    return { name, state: 'wrong', detail, advice: 'put the key that encrypted them into DATA_KEY_PREVIOUS' }
  if (total.earlier > 0) return { name, state: 'warning', detail, advice: 'run: manas360 keys reencrypt' }
  if (config.dataKeyIsDerived)
    return { name, state: 'warning', detail, advice: 'set DATA_KEY (openssl rand -base64 48); production requires it' }
  return { name, state: 'good', detail }
}
