import { contains, type Network, parseNetwork } from './networks.ts'

/** Addresses that only neighbours have: as many of them as one likes may be proxies. */
const neighbourhoods = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10', '::1'],
].flatMap((text) => {
  const network = parseNetwork(text)
  return typeof network === 'string' ? [] : [network]
})

/** More than this of the internet is nobody's proxies: an eighth-bit block of IPv4, a 16-bit one of IPv6. */
const widest = { ipv4: 2n ** 24n, ipv6: 2n ** 112n }
const mapped = { first: 0xffff_0000_0000n, last: 0xffff_ffff_ffffn }

/** Whether ranges hold, together, so much of the public internet that a stranger could sit in them. */
export function isTooWide(networks: readonly Network[]): boolean {
  let [ipv4, ipv6] = [0n, 0n]
  for (const { first, last } of union(
    networks.filter((network) => !neighbourhoods.some((near) => holds(near, network))),
  )) {
    const lower = first > mapped.first ? first : mapped.first
    const upper = last < mapped.last ? last : mapped.last
    const inIPv4 = upper >= lower ? upper - lower + 1n : 0n
    ipv4 += inIPv4
    ipv6 += last - first + 1n - inIPv4
  }
  return ipv4 > widest.ipv4 || ipv6 > widest.ipv6
}

type Span = { first: bigint; last: bigint }

function holds(outer: Network, inner: Network): boolean {
  return outer.prefix <= inner.prefix && contains(outer, inner.groups)
}

/** The ranges without overlaps, in order: two halves are one whole. */
function union(networks: readonly Network[]): Span[] {
  const spans = networks.map(toSpan).sort((a, b) => (a.first < b.first ? -1 : 1))
  const merged: Span[] = []
  for (const span of spans) {
    const before = merged.at(-1)
    if (!before || span.first > before.last) merged.push({ ...span })
    else if (span.last > before.last) before.last = span.last
  }
  return merged
}

function toSpan({ groups, prefix }: Network): Span {
  const size = 1n << BigInt(128 - prefix)
  const address = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
  const first = address - (address % size)
  return { first, last: first + size - 1n }
}
