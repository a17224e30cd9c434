import {
  type Address,
  contain,
  firstOf,
  formatAddress,
  isMapped,
  type Network,
  parseAddress,
  parseNetwork,
} from './networks.ts'

/** The networks of the trusted proxies, and the header in which they name the client. */
type ProxyTrust = { networks: Network[]; header: 'x-forwarded-for' | 'fly-client-ip' | 'cf-connecting-ip' }

/** The address where a request has no socket. */
const unknownAddress = '0.0.0.0'

/** Entries of each generation of the cache. */
const maxRemembered = 1_024
/** Longer texts are no addresses and are not cached. */
const maxRememberedLength = 64
/** The most trusted proxies between client and server; entries beyond them are not trusted. */
const maxHops = 32

type Preset = { header: ProxyTrust['header']; ranges: string }

const presets: Record<string, Preset> = {
  none: { header: 'x-forwarded-for', ranges: '' },
  // Fly's proxy reaches machines over private addresses and sets Fly-Client-IP itself.
  fly: { header: 'fly-client-ip', ranges: '172.16.0.0/16,fdaa::/16' },
  // A load balancer in a VPC has a private address and appends its peer to X-Forwarded-For.
  alb: { header: 'x-forwarded-for', ranges: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16' },
  // https://www.cloudflare.com/ips/ — anyone's Worker sends from these too, and may write X-Forwarded-For but not
  // CF-Connecting-IP.
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
    networks: ranges === '' ? [] : ranges.split(',').map((entry) => parseProxy(entry.trim())),
  }
}

function parseProxy(entry: string): Network {
  const network = parseNetwork(entry)
  if (typeof network !== 'string') return network
  const reasons: Record<typeof network, string> = {
    malformed: 'is neither an address nor a CIDR range; presets (none, fly, alb, cloudflare) stand alone',
    'prefix-length': 'has a prefix length that its kind of address does not have',
    everybody: 'would let anyone choose their own address',
  }
  throw new Error(`"${entry}" ${reasons[network]}`)
}

/**
 * A cache of the last results, because few peers send most requests. The older of two generations is dropped whole,
 * which costs less than dropping the oldest entry each time.
 */
function remember<T extends string | object | null>(answer: (text: string) => T): (text: string) => T {
  let recent = new Map<string, T>()
  let older = new Map<string, T>()
  return (text) => {
    const known = recent.get(text)
    if (known !== undefined) return known
    if (text.length > maxRememberedLength) return answer(text)
    const found = older.get(text) ?? answer(text)
    if (recent.size >= maxRemembered) {
      older = recent
      recent = new Map()
    }
    recent.set(text, found)
    return found
  }
}

/** The address of a peer in canonical form. */
export const normalise = remember((peer) => {
  const address = parseAddress(peer)
  return address ? formatAddress(address) : unknownAddress
})

/** An address in the form that a proxy writes, with a port or in brackets. */
function parseHop(text: string): Address | undefined {
  const hop = text.trim()
  const bare = parseAddress(hop)
  if (bare) return bare
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(hop) ?? []
  const [, dotted] = /^([\d.]+):\d{1,5}$/.exec(hop) ?? []
  return parseAddress(bracketed ?? dotted ?? '')
}

type HeaderReader = { headers: { get(name: string): string | null } }

/**
 * Makes the function that finds the client's address: the peer of the socket, or, where the peer is a trusted proxy,
 * the address that it names. Without a socket (`peer` undefined) the address is 0.0.0.0.
 * @throws Error for a setting that parseTrustedProxies refuses
 */
export function createClientIp(trustedProxies: string): (request: HeaderReader, peer: string | undefined) => string {
  const { networks, header } = parseTrustedProxies(trustedProxies)
  const toClient = (address: Address | undefined) =>
    address ? { ip: formatAddress(address), isTrusted: contain(networks, address) } : null
  const readPeer = remember((text) => toClient(parseAddress(text)))
  const readHop = remember((text) => toClient(parseHop(text)))

  return function clientIp(request, peer) {
    if (peer === undefined) return unknownAddress
    if (networks.length === 0) return normalise(peer)
    let client = readPeer(peer)
    if (!client) return unknownAddress
    if (!client.isTrusted) return client.ip
    const hops = request.headers.get(header)?.split(',') ?? []
    // These proxies send exactly one value: several are forged, or were joined on the way.
    if (header !== 'x-forwarded-for' && hops.length > 1) return client.ip
    // From the right: the trusted hop just found wrote the next entry. Entries left of an unreadable one are not trusted.
    for (let i = 0; i < maxHops && client.isTrusted; i++) {
      const hop = readHop(hops.pop() ?? '')
      if (!hop) break
      client = hop
    }
    return client.ip
  }
}

/** The key of a client's rate limit: the IPv4 address, or the /64 of an IPv6 address, which one subscriber has. */
export const rateLimitKey = remember((ip) => {
  const address = parseAddress(ip)
  if (!address) return ip
  return isMapped(address) ? formatAddress(address) : `${formatAddress(firstOf(address, 64))}/64`
})

/** The /48 of an IPv6 address, the most that one site has (RFC 6177, RFC 3177); null for IPv4. */
export const rateLimitSite = remember((ip): string | null => {
  const address = parseAddress(ip)
  return address && !isMapped(address) ? `${formatAddress(firstOf(address, 48))}/48` : null
})
