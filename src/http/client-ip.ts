import { isIP, isIPv4 } from 'node:net'

/** A range of addresses: the first 16-bit groups of an IPv6 address; IPv4 lies in ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
type Network = { groups: number[]; prefix: number }

/** Which peers are our own proxies, and the header in which they write whom they speak for. */
export type ProxyTrust = { networks: Network[]; header: 'x-forwarded-for' | 'fly-client-ip' | 'cf-connecting-ip' }

/** Where a peer's address is not known (a request without a socket). */
const unknownAddress = '0.0.0.0'

const maxRemembered = 1_024

type Preset = { header: ProxyTrust['header']; ranges: string }

const presets: Record<string, Preset> = {
  none: { header: 'x-forwarded-for', ranges: '' },
  // Fly's proxy reaches machines over private addresses and sets Fly-Client-IP itself.
  fly: { header: 'fly-client-ip', ranges: '172.16.0.0/16,fdaa::/16' },
  // A load balancer in a VPC has a private address and appends its peer to X-Forwarded-For.
  alb: { header: 'x-forwarded-for', ranges: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16' },
  // https://www.cloudflare.com/ips/ — anyone's Worker sends from these too, and may write X-Forwarded-For but not CF-Connecting-IP.
  cloudflare: {
    header: 'cf-connecting-ip',
    ranges:
      '173.245.48.0/20,103.21.244.0/22,103.22.200.0/22,103.31.4.0/22,141.101.64.0/18,108.162.192.0/18,190.93.240.0/20,' +
      '188.114.96.0/20,197.234.240.0/22,198.41.128.0/17,162.158.0.0/15,104.16.0.0/13,104.24.0.0/14,172.64.0.0/13,' +
      '131.0.72.0/22,2400:cb00::/32,2606:4700::/32,2803:f800::/32,2405:b500::/32,2405:8100::/32,2a06:98c0::/29,' +
      '2c0f:f248::/32',
  },
}

/**
 * Reads TRUSTED_PROXIES: `none`, `fly`, `alb`, `cloudflare`, or addresses and CIDR ranges separated by commas.
 *
 * @throws Error naming the entry that is not understood, or that would trust everybody
 */
export function parseTrustedProxies(text: string): ProxyTrust {
  const name = text.trim().toLowerCase() || 'none'
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined
  const ranges = preset?.ranges ?? name
  return {
    header: preset?.header ?? 'x-forwarded-for',
    networks: ranges === '' ? [] : ranges.split(',').map((entry) => parseNetwork(entry.trim())),
  }
}

function parseNetwork(entry: string): Network {
  const [address = '', prefixText, ...rest] = entry.split('/')
  const groups = address.includes('%') ? undefined : parseGroups(address)
  if (!groups || rest.length > 0) {
    throw new Error(
      `"${entry}" is neither an address nor a CIDR range; presets (none, fly, alb, cloudflare) stand alone`,
    )
  }
  const bits = isIPv4(address) ? 32 : 128
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  if (!(prefix <= bits)) throw new Error(`"${entry}" has a prefix length that is not from 1 to ${bits}`)
  if (prefix === 0) throw new Error(`"${entry}" would let anyone choose their own address`)
  return { groups, prefix: prefix + 128 - bits }
}

/** The eight 16-bit groups of an address; undefined when it is none. */
function parseGroups(address: string): number[] | undefined {
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

function contains({ groups, prefix }: Network, address: number[]): boolean {
  for (let i = 0, left = prefix; left > 0; i++, left -= 16) {
    const shift = Math.max(0, 16 - left)
    if ((groups[i] ?? 0) >> shift !== (address[i] ?? 0) >> shift) return false
  }
  return true
}

function isMappedIPv4(groups: number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
}

/** The one spelling of an address: IPv4 in dots (also when mapped), IPv6 as RFC 5952 writes it. */
function format(groups: number[]): string {
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

/** Remembers the last answers: the same few peers send most requests. */
function remember(answer: (text: string) => string): (text: string) => string {
  const answers = new Map<string, string>()
  return (text) => {
    let known = answers.get(text)
    if (known === undefined) {
      known = answer(text)
      if (answers.size >= maxRemembered) answers.clear()
      answers.set(text, known)
    }
    return known
  }
}

/** The address of a peer in its one spelling. */
export const normalise = remember((peer) => {
  const groups = parseGroups(peer)
  return groups ? format(groups) : unknownAddress
})

/** An address as a proxy may write it: with a port, or in brackets. */
function parseHop(text: string): number[] | undefined {
  const hop = text.trim()
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(hop) ?? []
  const [, dotted] = /^([\d.]+):\d{1,5}$/.exec(hop) ?? []
  return parseGroups(bracketed ?? dotted ?? hop)
}

type HeaderReader = { headers: { get(name: string): string | null } }

/**
 * Who sent a request: the socket's peer unless that is one of our proxies; then whom the proxies name.
 * `peer` is the address of the socket; without one the answer is 0.0.0.0.
 *
 * @throws Error for a setting that parseTrustedProxies refuses
 */
export function createClientIp(trustedProxies: string): (request: HeaderReader, peer: string | undefined) => string {
  const { networks, header } = parseTrustedProxies(trustedProxies)
  const isTrusted = (groups: number[]) => networks.some((network) => contains(network, groups))

  return function clientIp(request, peer) {
    if (peer === undefined) return unknownAddress
    if (networks.length === 0) return normalise(peer)
    let client = parseGroups(peer)
    if (!client) return unknownAddress
    const hops = request.headers.get(header)?.split(',') ?? []
    // One value is what these proxies send: more have been forged or joined on the way.
    if (header !== 'x-forwarded-for' && hops.length > 1) return format(client)
    // From the right: each entry was written by the hop that was just found trusted; what lies left of an unreadable one is worth nothing.
    while (isTrusted(client)) {
      const hop = parseHop(hops.pop() ?? '')
      if (!hop) break
      client = hop
    }
    return format(client)
  }
}

/** What one client is counted by: IPv4 whole, IPv6 by the /64 that one subscriber holds. */
export const rateLimitKey = remember((ip) => {
  const groups = parseGroups(ip)
  if (!groups) return ip
  return isMappedIPv4(groups) ? format(groups) : `${format([...groups.slice(0, 4), 0, 0, 0, 0])}/64`
})
