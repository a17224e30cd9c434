import { isIP } from 'node:net'
import type { RelyingParty } from '../passkeys/variables.ts'
import type { Finding } from './finding.ts'

/** Checks whether browsers will allow passkeys of the configured domain on the configured pages. */
export function examinePasskeys({ rpId, rpOrigins }: RelyingParty): Finding {
  const name = 'passkeys'
  if (isIP(rpId.replace(/^\[|\]$/g, '')))
    return {
      name,
      state: 'warning',
      detail: `RP_ID is ${rpId}: browsers make passkeys for domains, not for addresses`,
      advice: 'set RP_ID, or name the host in APP_URL or PUBLIC_URL; localhost will do for development',
    }
  const useless = rpOrigins.filter((origin) => !mayUse(origin, rpId))
  if (useless.length === 0) return { name, state: 'good', detail: `of ${rpId}, for ${rpOrigins.join(', ')}` }
  return {
    name,
    state: 'warning',
    detail: `of ${rpId}, which browsers let no page of ${useless.join(', ')} use`,
    advice: `set RP_ID to a domain that is above them all before people have passkeys, or leave them out of RP_ORIGINS; pages need https, but for localhost`,
  }
}

/**
 * A page must be on the domain or below it, by https unless it is on this machine; apps are checked by their platform.
 */
function mayUse(origin: string, domain: string): boolean {
  if (!/^https?:/.test(origin)) return true
  const { protocol, hostname } = new URL(origin)
  const isSecure = protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost')
  return isSecure && (hostname === domain || hostname.endsWith(`.${domain}`))
}
