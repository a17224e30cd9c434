import { inFetchSpan } from '../../tracing/outgoing.ts'

/** Bound of an answer in decompressed bytes: ten times a page of a hundred of the largest objects. */
const maxAnswerBytes = 16_777_216

/** A provider's answer exceeds the bound. */
class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError'
}

/**
 * The `fetch` for all requests to providers. Redirects are errors, because requests carry a secret key. The whole body is read before
 * the caller's signal aborts, and within a bound that counts decompressed bytes.
 */
export async function boundedFetch(url: string | URL | Request, init: RequestInit): Promise<Response> {
  const answer = await inFetchSpan(url instanceof Request ? url.url : url, init, (traced) =>
    fetch(url, { ...init, headers: traced, redirect: 'error' }),
  )
  const headers = new Headers(answer.headers)
  // They described the compressed body.
  headers.delete('content-encoding')
  headers.delete('content-length')
  const body = [101, 204, 205, 304].includes(answer.status) ? null : await readBounded(answer)
  return new Response(body, { status: answer.status, headers })
}

async function readBounded(answer: Response): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength
    // Leaving the loop cancels the rest of the body.
    if (length > maxAnswerBytes) throw new AnswerTooLargeError(`more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return new Blob(chunks)
}
