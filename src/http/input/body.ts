import { AppError } from '../../errors/app-error.ts'

/** ignoreBOM keeps the BOM in the text, which is then no JSON: RFC 8259 8.1 forbids it. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the text of a JSON body, up to the limit.
 *
 * @param alreadyRead the text, if an earlier middleware has read it: a body can be read only once
 * @param limitBytes the most that is accepted, whether announced (Content-Length) or chunked
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `malformed-json` (invalid UTF-8), or `bad-request` when
 *   the connection fails half-way
 */
export async function readJsonText(
  request: Request,
  limitBytes: number,
  alreadyRead?: Promise<ArrayBuffer>,
): Promise<string> {
  requireJson(request.headers)
  const bytes = alreadyRead ? await alreadyRead : await readBytes(request, limitBytes)
  if (bytes.byteLength > limitBytes) throw tooLarge(limitBytes)
  try {
    return decoder.decode(bytes)
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

/**
 * The bytes of a body of any type, no further than the limit.
 * @throws AppError `payload-too-large`, or `bad-request` when the connection fails half-way
 */
export async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > limitBytes) throw tooLarge(limitBytes)
  try {
    // Bun reads no more than Content-Length, so only a body of unknown length must be counted.
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
  // Read before the body: later it would not report that Bun closed the connection.
  const { signal } = request
  const chunks: Uint8Array[] = []
  let length = 0
  // An exception in the loop cancels the stream.
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  // Bun refuses trailers only after it has passed the body on.
  await untilParsed()
  if (signal.aborted) throw brokenOff(signal.reason)
  return Buffer.concat(chunks, length)
}

/** Resolves once Bun has parsed everything that it has received. */
export function untilParsed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function brokenOff(cause: unknown): AppError {
  return new AppError('bad-request', { detail: 'The body did not arrive whole.', cause })
}

/** An empty object, which some clients always send: counts as no body. */
const emptyObject = /^[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*$/
const maxEmptyObjectBytes = 64

/**
 * Refuses a body other than an empty object, of whatever media type. Synchronous where the headers show that there is no
 * body.
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
  // Bun discards the body of GET and HEAD, so a chunked one cannot be shown to be empty.
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

/** The same for a body that was read already. @throws AppError `bad-request` */
export function refuseText(text: string): void {
  if (text !== '' && !emptyObject.test(text)) throw unexpectedBody()
}

function unexpectedBody(): AppError {
  return new AppError('bad-request', { detail: 'This route takes no body.' })
}

/** Limits are whole KiB or MiB. */
function tooLarge(limitBytes: number): AppError {
  const kib = limitBytes / 1_024
  return new AppError('payload-too-large', {
    detail: `Send at most ${kib < 1_024 ? `${kib} KiB` : `${kib / 1_024} MiB`}.`,
  })
}
