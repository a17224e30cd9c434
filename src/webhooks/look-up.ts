import { isIPv6, type LookupFunction } from 'node:net'

/** Finds the addresses of a name. @throws Error with a resolver's code */
export type Resolver = (name: string) => Promise<string[]>

/** No attempt was made; the message is visible to the endpoint's owner. */
export class UnreachableNameError extends Error {
  override readonly name = 'UnreachableNameError'
}

/**
 * One message for names that do not exist and names with forbidden addresses: otherwise attempts would reveal names of
 * this network to strangers.
 */
export const noAddress = 'The name has no address that can be reached from here.'

/** The most addresses of a name that are checked; one of them is connected to. */
const maxAddresses = 8

/**
 * The system's resolver, without the thread for each look-up that `node:dns` takes: password hashing shares those
 * threads, and a stranger's name server that never answers would block them.
 */
export const findAddresses: Resolver = async (name) => {
  const backend = process.platform === 'win32' ? 'system' : 'c-ares'
  return (await Bun.dns.lookup(name, { backend })).map(({ address }) => address)
}

/** Finds the addresses of a name once, when the connection is made, and leaves out forbidden ones. */
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
