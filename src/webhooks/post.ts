import { type LookupAddress, lookup } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isWithin } from '../addresses/networks.ts'
import { isReachable, loopbackNetworks } from './reachable.ts'
import { literalOf, type Reach, refusalOf } from './url.ts'

/** What a receiver answered: the first 1,024 bytes of the body, as text. */
export type Answer = { status: number; body: string }

/** An attempt that no answer came of; the message is shown to the endpoint's owner. */
export class UndeliverableError extends Error {
  override readonly name = 'UndeliverableError'
}

type LookUp = NonNullable<http.RequestOptions['lookup']>

type Resolver = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

type PostOptions = {
  reach: Reach
  /** The deadline of the whole attempt. */
  milliseconds: number
  /** Certificates by which receivers are judged instead of the system's, in tests. */
  ca?: string | undefined
  /** Finds the addresses of a name: the system's. */
  resolver?: Resolver | undefined
}

const keptBytes = 1_024

/**
 * POSTs a message. Redirects are not followed; a proxy of the environment is not used. The address of a name is judged when
 * the connection is made, and that address is connected to: no second look-up comes between.
 * @throws UndeliverableError
 */
export function post(
  text: string,
  headers: Record<string, string>,
  body: string,
  { reach, milliseconds, ca, resolver = lookup }: PostOptions,
): Promise<Answer> {
  const refusal = refusalOf(text, reach)
  if (refusal !== null) return Promise.reject(new UndeliverableError(refusal))
  const url = new URL(text)
  const inClear = url.protocol === 'http:'
  // In clear only this machine is spoken to.
  const isAllowed = (address: string) =>
    isReachable(address, reach.networks) && (!inClear || isWithin(loopbackNetworks, address))
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = (inClear ? http : https).request(
    {
      method: 'POST',
      host: literalOf(url) ?? url.hostname,
      port: url.port || (inClear ? 80 : 443),
      path: `${url.pathname}${url.search}`,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'MANAS360-Webhooks/1.0',
      },
      // A connection kept from another endpoint of that name may lead to an address that this one must not reach.
      agent: false,
      lookup: judgedLookUp(resolver, isAllowed),
      signal: AbortSignal.timeout(milliseconds),
      ...(ca !== undefined && { ca }),
    },
    (answer) => readStart(answer, (start) => resolve({ status: answer.statusCode ?? 0, body: start }), reject),
  )
  request.on('error', reject)
  request.end(body)
  return promise.catch((error: unknown) => {
    throw toUndeliverable(error, milliseconds)
  })
}

/** Finds the addresses of a name, and leaves out those that must not be reached. */
function judgedLookUp(resolver: Resolver, isAllowed: (address: string) => boolean): LookUp {
  return (hostname, _options, callback) => {
    resolver(hostname, { all: true }, (error, found) => {
      if (error) return callback(error, [])
      const allowed = found.filter(({ address }) => isAllowed(address))
      if (allowed.length > 0) callback(null, allowed)
      else callback(new UndeliverableError('The name leads to an address that cannot be reached from here.'), [])
    })
  }
}

function readStart(
  answer: http.IncomingMessage,
  resolve: (text: string) => void,
  reject: (error: unknown) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  const finish = () => {
    resolve(Buffer.concat(chunks).subarray(0, keptBytes).toString('utf8').replaceAll('\0', '').toWellFormed())
    answer.destroy()
  }
  answer.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length >= keptBytes) finish()
  })
  answer.on('end', finish)
  answer.on('error', reject)
}

/** Codes of connections that fail, in words for whoever owns the endpoint. */
const reasons: Record<string, string> = {
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was closed before an answer came.',
  ENOTFOUND: 'The name has no address.',
  EAI_AGAIN: 'The name could not be looked up.',
  ETIMEDOUT: 'The connection could not be made.',
}

function toUndeliverable(error: unknown, milliseconds: number): UndeliverableError {
  if (error instanceof UndeliverableError) return error
  const { name, code = '' } = error as { name?: string; code?: string }
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR')
    return new UndeliverableError(`No whole answer came within ${milliseconds / 1000} s.`)
  const certificate = /CERT|SSL|TLS|SELF_SIGNED|ALTNAME|ISSUER/.test(code)
  if (certificate) return new UndeliverableError(`The certificate is not accepted (${code}).`)
  return new UndeliverableError(reasons[code] ?? `The request failed${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
  })
}
