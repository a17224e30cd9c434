import { AppError } from '../../errors/app-error.ts'

/**
 * The text of a JSON body, not parsed yet; reads no further than the limit.
 *
 * @param alreadyRead what a middleware on the way read, for the request gives it once
 * @param limitBytes the most that is accepted, whether announced (Content-Length) or chunked
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `malformed-json` (invalid UTF-8), or `bad-request` when the
 *   connection fails half-way
 */
export async function readJsonText(
  request: Request,
  limitBytes: number,
  alreadyRead?: Promise<ArrayBuffer>,
): Promise<string> {
  requireJson(request.headers)
  const bytes = alreadyRead ? await alreadyRead : await readBytes(request, limitBytes)
  if (bytes.byteLength > limitBytes) throw new AppError('payload-too-large')
  try {
    // ignoreBOM keeps the mark in the text, where it is not JSON: RFC 8259 8.1 says MUST NOT add one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new AppError('malformed-json', { cause })
  }
}

function requireJson(headers: Headers): void {
  const type = headers.get('content-type')
  if (type === null || !isJsonType(type) || headers.has('content-encoding'))
    throw new AppError('unsupported-media-type')
}

function isJsonType(type: string): boolean {
  if (type === 'application/json') return true
  const [essence = '', ...parameters] = type.toLowerCase().split(';')
  if (essence.trim() !== 'application/json') return false
  return parameters.every((parameter) => ['', 'charset=utf-8', 'charset="utf-8"'].includes(parameter.trim()))
}

async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > limitBytes) throw new AppError('payload-too-large')
  try {
    // The server hands over no more than was announced, so only a body of unknown length has to be counted.
    if (announced <= limitBytes || request.body === null) return await request.bytes()
    return await readCounted(request, request.body, limitBytes)
  } catch (cause) {
    throw cause instanceof AppError ? cause : brokenOff(cause)
  }
}

async function readCounted(
  request: Request,
  body: ReadableStream<Uint8Array>,
  limitBytes: number,
): Promise<Uint8Array> {
  // Asked for in time, it tells of a connection that Bun closes meanwhile.
  const { signal } = request
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop by an exception cancels the stream: the rest is never read.
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > limitBytes) throw new AppError('payload-too-large')
    chunks.push(chunk)
  }
  // Bun refuses trailers, but hands the body over first.
  await untilParsed()
  if (signal.aborted) throw brokenOff(signal.reason)
  return Buffer.concat(chunks, length)
}

/** Resolves once Bun has parsed all that arrived together. */
export function untilParsed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function brokenOff(cause: unknown): AppError {
  return new AppError('bad-request', { detail: 'The body did not arrive whole.', cause })
}

/** Some clients send an empty object whatever the route: it counts as no body. */
const emptyObject = /^[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*$/
const maxEmptyObjectBytes = 64

/**
 * Refuses a request that carries a body, other than an empty object, on a route that takes none; the media type is ignored.
 * Returns nothing at once when the headers already show that there is none.
 *
 * @throws AppError `bad-request`, or the promise rejects with it
 */
export function refuseBody(request: Request): Promise<undefined> | undefined {
  const announced = request.headers.get('content-length')
  if (announced === '0') return
  const body = mayHaveBody(request.method) ? request.body : null
  if (announced !== null) {
    if (Number(announced) === 0) return
    if (Number(announced) > maxEmptyObjectBytes || body === null) throw unexpectedBody()
  }
  if (body !== null) return refuseBytes(request, body)
  // Bun discards the body of GET and HEAD, so a chunked one can't be seen to be empty, and counts as one that is not.
  if (request.headers.has('transfer-encoding')) throw unexpectedBody()
}

function mayHaveBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

async function refuseBytes(request: Request, body: ReadableStream<Uint8Array>): Promise<undefined> {
  let text: string
  try {
    text = new TextDecoder().decode(await readCounted(request, body, maxEmptyObjectBytes))
  } catch (cause) {
    if (!(cause instanceof AppError)) throw brokenOff(cause)
    throw cause.code === 'payload-too-large' ? unexpectedBody() : cause
  }
  refuseText(text)
}

/** The same of a body that was read already. @throws AppError `bad-request` */
export function refuseText(text: string): void {
  if (text !== '' && !emptyObject.test(text)) throw unexpectedBody()
}

function unexpectedBody(): AppError {
  return new AppError('bad-request', { detail: 'This route takes no body.' })
}
