import { type Address, contain, isMapped, type Network, parseAddress, parseNetwork } from '../addresses/networks.ts'

function networks(texts: string[]): Network[] {
  return texts.map(parseNetwork).filter((network) => typeof network !== 'string')
}

/**
 * Addresses that the IANA special-purpose registries of IPv4 and IPv6 do not call globally reachable, with multicast,
 * and with the deprecated ranges that lead to other addresses (6to4, Teredo). As of 2026-11.
 */
const special = networks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
])
/** All global unicast addresses of IPv6 (RFC 4291 2.4). */
const globalUnicast = networks(['2000::/3'])
/** IPv4 addresses behind a translator (RFC 6052), in the last 32 bits. */
const translated = networks(['64:ff9b::/96'])

/** The addresses of the machine itself. */
export const loopbackNetworks = networks(['127.0.0.0/8', '::1'])

/**
 * Whether deliveries may go to an address: globally reachable ones, and those of `allowed`. Mapped (::ffff:0:0/96) and
 * translated (64:ff9b::/96) IPv4 addresses are checked as IPv4.
 */
export function isReachable(text: string, allowed: readonly Network[]): boolean {
  const parsed = text.includes('%') ? undefined : parseAddress(text)
  if (!parsed) return false
  const address = contain(translated, parsed) ? embeddedIn(parsed) : parsed
  if (contain(allowed, address)) return true
  return (isMapped(address) || contain(globalUnicast, address)) && !contain(special, address)
}

function embeddedIn(address: Address): Address {
  return parseAddress(address.toByteArray().slice(12).join('.')) ?? address
}
