import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { isWithin } from '../addresses/networks.ts'
import { filteredLookup, findAddresses, type Resolver } from './look-up.ts'
import { isReachable, loopbackNetworks } from './reachable.ts'
import { reasonOf, UndeliverableError } from './undeliverable.ts'
import { type AllowedTargets, literalOf, refusalOf } from './url.ts'

/** What a receiver answered: the first 1,024 bytes of the body, as text. */
export type Answer = { status: number; body: string }

type PostOptions = {
  reach: AllowedTargets
  /** The deadline of the whole attempt. */
  milliseconds: number
  /** Certificates by which receivers are judged instead of the system's, in tests. */
  ca?: string | undefined
  /** Finds the addresses of a name: the system's. */
  resolver?: Resolver | undefined
}

const keptBytes = 1_024
/** The parser ends a head of more than 16 KiB. This bounds what it lets pass before one: empty lines, and interim answers (1xx). */
const bytesBeforeAnswer = 65_536

/**
 * POSTs a message. Redirects are not followed; a proxy of the environment is not used. The address of a name is judged when
 * the connection is made, and that address is connected to: no second look-up comes between. Whatever the receiver does, the
 * connection is closed when this ends, and it ends in time.
 * @throws UndeliverableError
 */
export async function post(
  text: string,
  headers: Record<string, string>,
  body: string,
  { reach, milliseconds, ca, resolver = findAddresses }: PostOptions,
): Promise<Answer> {
  const refusal = refusalOf(text, reach)
  if (refusal !== null) throw new UndeliverableError(refusal)
  const url = new URL(text)
  const inClear = url.protocol === 'http:'
  // In clear only this machine is spoken to.
  const isAllowed = (address: string) =>
    isReachable(address, reach.networks) && (!inClear || isWithin(loopbackNetworks, address))
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // Not by the request's signal: that does not end a connection which the receiver made another protocol's.
  const timer = setTimeout(
    () => reject(new UndeliverableError(`No whole answer came within ${milliseconds / 1_000} s.`)),
    milliseconds,
  )
  const request = (inClear ? http : https).request({
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
    lookup: filteredLookup(resolver, isAllowed),
    ...(ca !== undefined && { ca }),
  })
  let connection: Socket | undefined
  request.on('socket', (socket) => {
    connection = socket
    boundStart(request, socket, reject)
  })
  request.on('response', (answer) =>
    readStart(answer, (start) => resolve({ status: answer.statusCode ?? 0, body: start }), reject),
  )
  request.on('upgrade', ({ statusCode = 101 }) => resolve({ status: statusCode, body: '' }))
  request.on('error', reject)
  request.end(body)
  try {
    return await promise
  } catch (error) {
    throw error instanceof UndeliverableError ? error : new UndeliverableError(reasonOf(error), { cause: error })
  } finally {
    clearTimeout(timer)
    request.destroy()
    connection?.destroy()
  }
}

/** Rejects when still more comes after as much as no answer begins with. */
function boundStart(request: http.ClientRequest, socket: Socket, reject: (error: Error) => void): void {
  let received = 0
  const count = (chunk: Buffer) => {
    // Judged by what came earlier: the rest of this piece may be the body of an answer that begins in it.
    if (received > bytesBeforeAnswer) reject(new UndeliverableError('The receiver sent much, and no answer.'))
    received += chunk.length
  }
  socket.on('data', count)
  request.once('response', () => socket.off('data', count))
}

/** Reads no more of an answer than is kept. */
function readStart(
  answer: http.IncomingMessage,
  resolve: (text: string) => void,
  reject: (error: unknown) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  const finish = () =>
    resolve(Buffer.concat(chunks).subarray(0, keptBytes).toString('utf8').replaceAll('\0', '').toWellFormed())
  answer.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length >= keptBytes) {
      answer.pause()
      finish()
    }
  })
  answer.on('end', finish)
  answer.on('error', reject)
}
