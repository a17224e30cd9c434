import { createHmac } from 'node:crypto'
import { firstOf, formatAddress, isMapped, parseAddress } from '../addresses/networks.ts'

const dayMs = 86_400_000
/** The most networks in the cache of a day. */
const maxRemembered = 1_024

/**
 * Pseudonymises the network of an address (IPv4 /24, IPv6 /48) for the log: 48 bits of an HMAC-SHA-256 of day (UTC) and
 * network under `key`. Lines of one day can be grouped by it, on all instances; lines of different days cannot be joined,
 * and without the key no network can be looked up.
 */
export function createNetworkHash(key: Uint8Array, now: () => number = Date.now): (ip: string) => string {
  let day = 0
  const known = new Map<string, string>()
  return function networkHash(ip) {
    const today = Math.floor(now() / dayMs)
    if (today !== day || known.size >= maxRemembered) known.clear()
    day = today
    const remembered = known.get(ip)
    if (remembered !== undefined) return remembered
    const hash = createHmac('sha256', key)
      .update(`${today} ${networkOf(ip)}`)
      .digest('hex')
      .slice(0, 12)
    known.set(ip, hash)
    return hash
  }
}

function networkOf(ip: string): string {
  const address = parseAddress(ip)
  return address ? formatAddress(firstOf(address, isMapped(address) ? 96 + 24 : 48)) : ip
}
