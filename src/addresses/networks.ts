import { isIP, isIPv4 } from 'node:net'
import ipaddr, { type IPv6 } from 'ipaddr.js'

/** An address. IPv4 is held as the mapped IPv6 address (RFC 4291 2.5.5.2), so that both compare alike. */
export type Address = IPv6
/** A range: an address in it, and the length of its prefix in bits of an IPv6 address. */
export type Network = { address: Address; prefix: number }

/** The prefix of mapped IPv4 addresses: ::ffff:0:0/96. */
const ipv4Prefix = 96

/** Parses an address; undefined when the text is none. A zone (`%eth0`) is dropped. */
export function parseAddress(text: string): Address | undefined {
  // The library would also accept hexadecimal, octal and shortened forms of IPv4.
  const version = isIP(text)
  if (version === 0) return undefined
  if (version === 4) return toMapped(ipaddr.IPv4.parse(text).octets)
  const [bare = ''] = text.split('%')
  // The library reads ::a.b.c.d (RFC 4291 2.5.5.1) as ::ffff:a.b.c.d, which is another address; it reads 0::a.b.c.d
  // right.
  return ipaddr.IPv6.parse(/^::\d+\./.test(bare) ? `0${bare}` : bare)
}

/** The library's own conversion goes through a string, at ten times the cost. */
function toMapped([a = 0, b = 0, c = 0, d = 0]: number[]): Address {
  return new ipaddr.IPv6([0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d])
}

/** Parses an address or a CIDR range (RFC 4632, RFC 4291 2.3). Returns the fault where the text is neither. */
export function parseNetwork(text: string): Network | 'malformed' | 'prefix-length' | 'everybody' {
  const [written = '', prefixText, ...rest] = text.split('/')
  const address = written.includes('%') ? undefined : parseAddress(written)
  if (!address || rest.length > 0) return 'malformed'
  const bits = isIPv4(written) ? 32 : 128
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  if (!(prefix <= bits)) return 'prefix-length'
  return prefix === 0 ? 'everybody' : { address, prefix: prefix + 128 - bits }
}

/** The canonical form of an address: IPv4 in dotted decimal, also when mapped; IPv6 as in RFC 5952. */
export function formatAddress(address: Address): string {
  return isMapped(address) ? address.toByteArray().slice(12).join('.') : address.toRFC5952String()
}

/** The canonical form of a range: its first address, with the prefix length unless it is a single address. */
export function formatNetwork({ address, prefix }: Network): string {
  const first = firstOf(address, prefix)
  const [length, whole] = prefix >= ipv4Prefix && isMapped(first) ? [prefix - ipv4Prefix, 32] : [prefix, 128]
  return length === whole ? formatAddress(first) : `${formatAddress(first)}/${length}`
}

/**
 * The network of an address, as text: /24 for IPv4, /48 for IPv6, the size of a site's; null where the text is no
 * address.
 */
export function networkOf(text: string): string | null {
  const address = parseAddress(text)
  return address ? formatNetwork({ address, prefix: isMapped(address) ? ipv4Prefix + 24 : 48 }) : null
}

/** The first address of the range with this prefix around an address. */
export function firstOf(address: Address, prefix: number): Address {
  const mask = ipaddr.IPv6.subnetMaskFromPrefixLength(prefix).parts
  return new ipaddr.IPv6(address.parts.map((part, i) => part & (mask[i] ?? 0)))
}

/** Whether an address is an IPv4 address. */
export function isMapped(address: Address): boolean {
  return address.match(allOfIPv4.address, allOfIPv4.prefix)
}

/** Whether an address lies in one of the ranges. */
export function contain(networks: readonly Network[], address: Address): boolean {
  return networks.some((network) => address.match(network.address, network.prefix))
}

/** Whether an address, as text, lies in one of the ranges. */
export function isWithin(networks: readonly Network[], text: string): boolean {
  const address = parseAddress(text)
  return address !== undefined && contain(networks, address)
}

/** The range of a text. @throws Error when it is none */
function requireNetwork(text: string): Network {
  const network = parseNetwork(text)
  if (typeof network === 'string') throw new Error(`${text} is no network`)
  return network
}

/** Networks that are not reachable from the internet: RFC 1918, 6598, 1122, 3927, and 4193, 4291 for IPv6. */
const privateNetworks = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10', '::1'],
].map(requireNetwork)
const allOfIPv4 = requireNetwork('::ffff:0:0/96')
/** The largest share of all addresses that ranges may cover together: that of a /8 of IPv4. */
const maxIPv4Share = 2 ** -8
const maxIPv6Share = 2 ** -16

/**
 * Whether ranges, counted once where they overlap, cover more than a /8 of IPv4 or a /16 of IPv6, and so include
 * addresses of strangers. Private networks do not count.
 */
export function isTooWide(networks: readonly Network[]): boolean {
  const counted = networks.filter((network) => !privateNetworks.some((known) => holds(known, network)))
  // Two ranges are disjoint, or one contains the other: without the contained ones, their sizes add up.
  const disjoint = counted.filter(
    (network, i) => !counted.some((other, j) => i !== j && holds(other, network) && (j < i || !holds(network, other))),
  )
  const sizeOf = (prefixes: number[]) => prefixes.reduce((sum, prefix) => sum + 2 ** -prefix, 0)
  const [inIPv4, beyond] = [
    disjoint.filter((one) => holds(allOfIPv4, one)),
    disjoint.filter((one) => !holds(allOfIPv4, one)),
  ]
  return (
    beyond.some((one) => holds(one, allOfIPv4)) ||
    sizeOf(inIPv4.map(({ prefix }) => prefix - ipv4Prefix)) > maxIPv4Share ||
    sizeOf(beyond.map(({ prefix }) => prefix)) > maxIPv6Share
  )
}

function holds(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && inner.address.match(outer.address, outer.prefix)
}
