import type { CustomFetch } from 'openid-client'
import { inFetchSpan } from '../tracing/outgoing.ts'

/** Bound of an answer: metadata, keys, tokens and claims are far smaller. */
const maxAnswerBytes = 262_144

/** A provider's answer exceeds the bound. */
class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError'
  readonly code = 'ANSWER_TOO_LARGE'
}

/**
 * The `fetch` for all requests to providers. Redirects are not followed. The whole body is read before the caller's signal aborts, and
 * within a bound that counts decompressed bytes.
 */
export const boundedFetch: CustomFetch = async (url, { body, headers, method, signal }) => {
  const init = { body: body as RequestInit['body'], method, signal, redirect: 'manual' as const }
  const answer = await inFetchSpan(url, { method, headers }, (traced) => fetch(url, { ...init, headers: traced }))
  const bytes = await readBounded(answer)
  // Content-Length and Content-Encoding described the compressed body, so they are left out.
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
    // Leaving the loop cancels the rest of the body.
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
