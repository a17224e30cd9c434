/**
 * The host, for a URL, at which a server that listens on `host` is reached from this machine: where it listens on every
 * address that is loopback. IPv6 comes in brackets.
 */
export function toReachableHost(host: string): string {
  const written = toWrittenHost(host)
  // The URL's own spelling: 0 is 0.0.0.0, and 0:0::0 is ::.
  const { hostname } = URL.parse(`http://${written}`) ?? { hostname: written }
  if (hostname === '0.0.0.0' || hostname === '[::ffff:0:0]') return '127.0.0.1'
  return hostname === '[::]' ? '[::1]' : hostname
}

/** The same for people: loopback is called localhost. */
export function toShownHost(host: string): string {
  const reachable = toReachableHost(host)
  return reachable === '127.0.0.1' || reachable === '[::1]' ? 'localhost' : reachable
}

/** As a URL has it: IPv6 in brackets. */
export function toWrittenHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return bare.includes(':') ? `[${bare}]` : bare
}
