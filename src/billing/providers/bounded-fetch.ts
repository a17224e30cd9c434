import { inFetchSpan } from '../../tracing/outgoing.ts'

/** A hundred of a provider's largest objects are a tenth of this. */
const maxAnswerBytes = 16_777_216

/** A provider answered more than it may. */
class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError'
}

/**
 * The `fetch` of everything that is asked of providers: no redirect is followed, for the request holds a key, and the whole answer is read
 * within the caller's time (its signal ends the body too) and within a bound, decompressed.
 */
export async function boundedFetch(url: string | URL | Request, init: RequestInit): Promise<Response> {
  const answer = await inFetchSpan(url instanceof Request ? url.url : url, init, (traced) =>
    fetch(url, { ...init, headers: traced, redirect: 'error' }),
  )
  const headers = new Headers(answer.headers)
  // They were those of what travelled.
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
    // Leaving the loop cancels what has not come yet.
    if (length > maxAnswerBytes) throw new AnswerTooLargeError(`more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return new Blob(chunks)
}
