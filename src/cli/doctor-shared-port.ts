import { readFileSync } from 'node:fs'
import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

const setting = '/proc/sys/net/ipv4/tcp_migrate_req'

/**
 * Checks whether Linux hands connections that an ending process has not accepted to its neighbours on the port; by
 * default it resets them. Null where ports are not shared, and on other systems.
 * @param file has the setting, of Linux 5.14 and later
 */
export function examineSharedPort({ reusePort }: Pick<Config, 'reusePort'>, file = setting): Finding | null {
  if (!reusePort) return null
  const name = 'REUSE_PORT'
  try {
    if (readFileSync(file, 'utf8').trim() !== '0')
      return { name, state: 'good', detail: 'a process that ends leaves no connection to nobody' }
  } catch {
    return null
  }
  return {
    name,
    state: 'warning',
    detail: 'when one process ends, connections that it has not accepted yet are reset',
    advice: 'sysctl -w net.ipv4.tcp_migrate_req=1 has Linux give them to the others',
  }
}
