import { z } from 'zod'
import { boundedFetch } from '../bounded-fetch.ts'
import type { CallOptions } from '../provider.ts'
import { ProviderError, type ProviderFailure, shownCode, shownFields } from '../provider-error.ts'

export type RazorpayOptions = {
  keyId: string
  keySecret: string
  /** Base URL of the API; default: Razorpay's. Tests set their own server. */
  baseUrl?: string
}

type Request = { query?: Record<string, string | number>; body?: object; method?: 'POST' | 'PATCH' }

export type RazorpayClient = ReturnType<typeof createRazorpayClient>

const Refusal = z.looseObject({
  error: z.looseObject({ code: z.string().optional(), description: z.string().optional() }),
})

/** A client of the REST API, by fetch: the provider's library has no timeouts, and hides why a request failed. */
export function createRazorpayClient({ keyId, keySecret, baseUrl = 'https://api.razorpay.com' }: RazorpayOptions) {
  const authorization = `Basic ${Buffer.from(`${keyId}:${keySecret}`).toString('base64')}`

  async function send(
    what: string,
    path: string,
    call: CallOptions,
    { query, body, method }: Request,
  ): Promise<Response> {
    const url = new URL(`/v1${path}`, baseUrl)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value))
    try {
      return await boundedFetch(url, {
        method: method ?? (body ? 'POST' : 'GET'),
        headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: call.signal,
      })
    } catch (cause) {
      throw new ProviderError('unavailable', `razorpay, ${what}: no answer`, { cause })
    }
  }

  return {
    /**
     * Sends a request to Razorpay, and parses the answer. The caller escapes ids in the path.
     * @throws ProviderError for every failure; `unreadable` for an answer that does not match the schema
     */
    async ask<T extends z.ZodType>(
      path: string,
      call: CallOptions,
      schema: T,
      request: Request = {},
    ): Promise<z.infer<T>> {
      const what = `${request.method ?? (request.body ? 'POST' : 'GET')} ${path.replace(/\/(sub|inv|pay)_\w+/g, '/:id')}`
      const response = await send(what, path, call, request)
      const answer: unknown = await response.json().catch(() => null)
      if (!response.ok) throw toProviderError(what, response, answer)
      const { data, error } = schema.safeParse(answer)
      if (!error) return data
      throw new ProviderError('unreadable', `razorpay, ${what}: ${shownFields(error.issues)} cannot be understood`)
    },
  }
}

/** Whether an id is unknown at Razorpay: it has no status or code for that, only a description. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof ProviderError && /id provided does not exist|not a valid id/i.test(descriptionOf(error.answer))
  )
}

function descriptionOf(answer: unknown): string {
  return Refusal.safeParse(answer).data?.error.description ?? ''
}

function toProviderError(what: string, response: Response, answer: unknown): ProviderError {
  const { data } = Refusal.safeParse(answer)
  const retryAfter = Number(response.headers.get('retry-after'))
  const details = [response.status, shownCode(data?.error.code)].filter((part) => part !== undefined).join(' ')
  return new ProviderError(failureOf(response.status, answer), `razorpay, ${what}: ${details}`, {
    answer,
    ...(retryAfter > 0 && { retryAfterSeconds: Math.min(retryAfter, 3_600) }),
  })
}

function failureOf(status: number, answer: unknown): ProviderFailure {
  if (status >= 500 || status === 429 || status === 401 || status === 403) return 'unavailable'
  if (!Refusal.safeParse(answer).success) return 'unreadable'
  // A UPI mandate is for one amount: "subscriptions cannot be updated when payment mode is upi".
  return /payment mode is upi/i.test(descriptionOf(answer)) ? 'unsupported' : 'refused'
}
