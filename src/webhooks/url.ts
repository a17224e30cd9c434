import { isIP } from 'node:net'
import type { Network } from '../addresses/networks.ts'
import { isWithin } from '../addresses/networks.ts'
import { isReachable, loopbackNetworks } from './reachable.ts'

/** Targets that are allowed beside globally reachable addresses. `inClear`: this machine also without TLS. */
export type AllowedTargets = { networks: readonly Network[]; inClear: boolean }

/** The most characters of a URL in its encoded form, where non-ASCII characters take up to nine times as many. */
const maxUrlLength = 2_000

/** The host of a URL as an address; undefined for a name. Node writes IPv6 in brackets. */
export function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? undefined : bare
}

/**
 * Why no event can be delivered to a URL; null where nothing is known against it. Names are checked at each connection,
 * by the address that is used. Call it with at most 2,000 characters.
 */
export function refusalOf(text: string, reach: AllowedTargets): string | null {
  if (!URL.canParse(text)) return 'Send a URL such as https://example.com/hooks.'
  const url = new URL(text)
  const literal = literalOf(url)
  if (url.protocol !== 'https:' && !(reach.inClear && url.protocol === 'http:' && isLoopback(url)))
    return reach.inClear ? 'Send an https URL; http reaches this machine alone.' : 'Send an https URL.'
  if (url.username !== '' || url.password !== '') return 'A URL with a user or a password is not kept.'
  if (url.hash !== '' || text.includes('#')) return 'A URL with a fragment is not kept.'
  if (url.href.length > maxUrlLength) return 'A URL has at most 2,000 characters, percent-encoded as it is sent.'
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (port !== 443 && port < 1024) return 'Ports are 443, or 1024 and above.'
  if (literal !== undefined && !isReachable(literal, reach.networks)) return 'That address cannot be reached from here.'
  return null
}

function isLoopback(url: URL): boolean {
  const literal = literalOf(url)
  return literal === undefined ? /(?:^|\.)localhost$/.test(url.hostname) : isWithin(loopbackNetworks, literal)
}
