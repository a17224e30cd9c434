import { isIP, isIPv4 } from 'node:net'

/** A range of addresses: the first 16-bit groups of an IPv6 address; IPv4 lies in ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
export type Network = { groups: number[]; prefix: number }

/** Networks that the internet does not reach: RFC 1918, 6598, 1122, 3927, and 4193, 4291 for IPv6. */
const privateNetworks = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10', '::1'],
].map(requireNetwork)
const allOfIPv4: Network = { groups: [0, 0, 0, 0, 0, 0xffff, 0, 0], prefix: 96 }
/** What ranges may hold together, of each kind of address: one in 256, and one in 65,536. */
const mostOfIPv4 = 2 ** -8
const mostOfIPv6 = 2 ** -16

/** An address or a CIDR range (RFC 4632, RFC 4291 2.3), or what is wrong with the text. */
export function parseNetwork(entry: string): Network | 'malformed' | 'prefix-length' | 'everybody' {
  const [address = '', prefixText, ...rest] = entry.split('/')
  const groups = address.includes('%') ? undefined : parseGroups(address)
  if (!groups || rest.length > 0) return 'malformed'
  const bits = isIPv4(address) ? 32 : 128
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  if (!(prefix <= bits)) return 'prefix-length'
  return prefix === 0 ? 'everybody' : { groups, prefix: prefix + 128 - bits }
}

/** A range in its one spelling: its first address, and the length of its prefix unless it is a single address. */
export function formatNetwork({ groups, prefix }: Network): string {
  const first = groups.map((group, i) => group & (0xffff << Math.min(16, Math.max(0, 16 * (i + 1) - prefix))) & 0xffff)
  const isIPv4 = prefix >= 96 && isMappedIPv4(first)
  const [length, whole] = isIPv4 ? [prefix - 96, 32] : [prefix, 128]
  return length === whole ? format(first) : `${format(first)}/${length}`
}

/** The eight 16-bit groups of an address; undefined when it is none. */
export function parseGroups(address: string): number[] | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  if (version === 4) return [0, 0, 0, 0, 0, 0xffff, ...parseIPv4(address)]
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const left = parseSide(head)
  if (tail === undefined) return left
  const right = parseSide(tail)
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function parseSide(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => (group.includes('.') ? parseIPv4(group) : Number.parseInt(group, 16)))
}

function parseIPv4(address: string): [number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

/** Whether an address, in its groups, lies in a range. */
export function contains({ groups, prefix }: Network, address: number[]): boolean {
  for (let i = 0, left = prefix; left > 0; i++, left -= 16) {
    const shift = Math.max(0, 16 - left)
    if ((groups[i] ?? 0) >> shift !== (address[i] ?? 0) >> shift) return false
  }
  return true
}

/** Whether an address, as text, lies in one of the ranges. */
export function isWithin(networks: readonly Network[], address: string): boolean {
  const groups = parseGroups(address)
  return groups !== undefined && networks.some((network) => contains(network, groups))
}

/** RFC 4291 2.5.5.2. */
export function isMappedIPv4(groups: number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
}

/** The one spelling of an address: IPv4 in dots (also when mapped), IPv6 as RFC 5952 writes it. */
export function format(groups: number[]): string {
  if (isMappedIPv4(groups))
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.')
  let longest = ''
  const text = groups.map((group) => group.toString(16)).join(':')
  // RFC 5952 4.2: the longest run of two or more zero groups, the first of equals.
  for (const [run] of text.matchAll(/\b0(?::0)+\b/g)) if (run.length > longest.length) longest = run
  if (longest === '') return text
  const at = text.search(new RegExp(`\\b${longest}\\b`))
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`
}

/**
 * Whether ranges, taken together and counted once where they overlap, hold more than a /8 of IPv4 or a /16 of IPv6. Private
 * networks count for nothing: they are nobody's but one's own. Texts that are no ranges don't count either.
 */
export function coverTooMuch(ranges: readonly string[]): boolean {
  const parsed = ranges.map(parseNetwork)
  if (parsed.includes('everybody')) return true
  const networks = parsed
    .filter((network) => typeof network !== 'string')
    .filter((network) => !privateNetworks.some((known) => holds(known, network)))
  // Two ranges are apart, or one holds the other: without the held ones their sizes add up.
  const apart = networks.filter(
    (network, i) => !networks.some((other, j) => i !== j && holds(other, network) && (j < i || !holds(network, other))),
  )
  const sizes = (prefixes: number[]) => prefixes.reduce((sum, prefix) => sum + 2 ** -prefix, 0)
  const [inIPv4, beyond] = [apart.filter((one) => holds(allOfIPv4, one)), apart.filter((one) => !holds(allOfIPv4, one))]
  return (
    beyond.some((one) => holds(one, allOfIPv4)) ||
    sizes(inIPv4.map(({ prefix }) => prefix - 96)) > mostOfIPv4 ||
    sizes(beyond.map(({ prefix }) => prefix)) > mostOfIPv6
  )
}

function holds(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.groups)
}

function requireNetwork(range: string): Network {
  const network = parseNetwork(range)
  if (typeof network === 'string') throw new Error(`${range} is no network`)
  return network
}
