import { isIPv6, type LookupFunction } from 'node:net'

/** Finds the addresses of a name. @throws Error with the code of what went wrong */
export type Resolver = (name: string) => Promise<string[]>

/** No attempt was made; the message is shown to the endpoint's owner. */
export class UnreachableNameError extends Error {
  override readonly name = 'UnreachableNameError'
}

/** The same where there is none and where there are others: otherwise attempts would tell strangers which names this network knows. */
export const noAddress = 'The name has no address that can be reached from here.'

/** A name may have many more; these are judged, and one of them is connected to. */
const maxAddresses = 8

/**
 * The system's resolver, without a thread for each look-up as `node:dns` takes: password hashing shares those threads, and a name
 * server of a stranger that never answers would hold them up.
 */
export const findAddresses: Resolver = async (name) => {
  const backend = process.platform === 'win32' ? 'system' : 'c-ares'
  return (await Bun.dns.lookup(name, { backend })).map(({ address }) => address)
}

/** Finds the addresses of a name once, as the connection is made, and leaves out those that must not be reached. */
export function filteredLookup(resolver: Resolver, isAllowed: (address: string) => boolean): LookupFunction {
  return (name, _options, callback) => {
    resolver(name).then(
      (found) => {
        const allowed = found.slice(0, maxAddresses).filter(isAllowed)
        if (allowed.length === 0) callback(new UnreachableNameError(noAddress), [])
        else
          callback(
            null,
            allowed.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 })),
          )
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}
