/**
 * The host of a URL that reaches a server listening on `host` from this machine: loopback where it listens on all
 * addresses. IPv6 is in brackets.
 */
export function toReachableHost(host: string): string {
  const written = toWrittenHost(host)
  // URL normalises hosts: 0 is 0.0.0.0, and 0:0::0 is ::.
  const { hostname } = URL.parse(`http://${written}`) ?? { hostname: written }
  if (hostname === '0.0.0.0' || hostname === '[::ffff:0:0]') return '127.0.0.1'
  return hostname === '[::]' ? '[::1]' : hostname
}

/** toReachableHost for messages: loopback is written localhost. */
export function toDisplayHost(host: string): string {
  const reachable = toReachableHost(host)
  return reachable === '127.0.0.1' || reachable === '[::1]' ? 'localhost' : reachable
}

/** A host as in a URL: IPv6 in brackets. */
export function toWrittenHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return bare.includes(':') ? `[${bare}]` : bare
}
