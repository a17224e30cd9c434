import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { isWithin } from '../addresses/networks.ts'
import { filteredLookup, findAddresses, type Resolver } from './look-up.ts'
import { isReachable, loopbackNetworks } from './reachable.ts'
import { reasonOf, UndeliverableError } from './undeliverable.ts'
import { type AllowedTargets, literalOf, refusalOf } from './url.ts'

/** A receiver's answer, with the first 1,024 bytes of its body as text. */
export type Answer = { status: number; body: string }

type PostOptions = {
  reach: AllowedTargets
  /** The deadline of the whole attempt. */
  milliseconds: number
  /** Certificates that are trusted instead of the system's, in tests. */
  ca?: string | undefined
  /** Finds the addresses of a name; default: the system's resolver. */
  resolver?: Resolver | undefined
}

const keptBytes = 1_024
/**
 * The parser refuses a head of more than 16 KiB. This bounds what it accepts before one: empty lines, and interim
 * answers (1xx).
 */
const bytesBeforeAnswer = 65_536

/**
 * POSTs a message. Redirects are not followed; a proxy of the environment is not used. The address of a name is checked
 * when the connection is made, and the same address is connected to, without a second look-up. Whatever the receiver
 * does, this ends in time and closes the connection.
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
  // Without TLS only this machine is connected to.
  const isAllowed = (address: string) =>
    isReachable(address, reach.networks) && (!inClear || isWithin(loopbackNetworks, address))
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // Not the request's signal, which does not end a connection that the receiver upgraded.
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
    // A pooled connection of another endpoint of that name may lead to an address that is forbidden for this one.
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

/** Rejects when more arrives before an answer than any answer begins with. */
function boundStart(request: http.ClientRequest, socket: Socket, reject: (error: Error) => void): void {
  let received = 0
  const count = (chunk: Buffer) => {
    // Compared without this piece, the rest of which may be the body of an answer that begins in it.
    if (received > bytesBeforeAnswer) reject(new UndeliverableError('The receiver sent much, and no answer.'))
    received += chunk.length
  }
  socket.on('data', count)
  request.once('response', () => socket.off('data', count))
}

/** Reads no more of an answer than is stored. */
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
