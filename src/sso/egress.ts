import type { CustomFetch } from 'openid-client'
import { inFetchSpan } from '../tracing/outgoing.ts'

/** What a provider answers is metadata, keys, tokens and claims: none is larger by far. */
const maxAnswerBytes = 262_144

/** A provider answered more than it may. */
class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError'
  readonly code = 'ANSWER_TOO_LARGE'
}

/**
 * The `fetch` of everything that is asked of providers: redirects are not followed, and the whole answer is read within the
 * caller's time (its signal ends the body too) and within a bound, decompressed.
 */
export const boundedFetch: CustomFetch = async (url, { body, headers, method, signal }) => {
  const init = { body: body as RequestInit['body'], method, signal, redirect: 'manual' as const }
  const answer = await inFetchSpan(url, { method, headers }, (traced) => fetch(url, { ...init, headers: traced }))
  const bytes = await readBounded(answer)
  // The length and the encoding were those of what travelled.
  const type = answer.headers.get('content-type')
  return new Response([101, 204, 205, 304].includes(answer.status) ? null : bytes, {
    status: answer.status,
    headers: type === null ? {} : { 'Content-Type': type },
  })
}

async function readBounded(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength
    // Leaving the loop cancels what has not come yet.
    if (length > maxAnswerBytes) throw new AnswerTooLargeError(`more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
