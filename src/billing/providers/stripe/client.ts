import { AsyncLocalStorage } from 'node:async_hooks'
import type Stripe from 'stripe'
import type { z } from 'zod'
import { boundedFetch } from '../bounded-fetch.ts'
import type { CallOptions, WriteOptions } from '../provider.ts'
import { ProviderError, type ProviderFailure, shownCode, shownFields } from '../provider-error.ts'

/** The version of Stripe's API that the requests and schemas are written for. */
const apiVersion = '2026-10-28.endive'
/** Timeout of one attempt. */
const attemptTimeoutMs = 10_000

export type StripeOptions = {
  secretKey: string
  /** Base URL of the API; default: Stripe's. Tests set their own server. */
  baseUrl?: string
}

export type StripeClient = Awaited<ReturnType<typeof openStripeClient>>

/** Loads Stripe's library, which is large. Opens no connection. */
export async function openStripeClient({ secretKey, baseUrl = 'https://api.stripe.com' }: StripeOptions) {
  const { default: StripeSdk } = await import('stripe')
  const { hostname, port, protocol } = new URL(baseUrl)
  const signals = new AsyncLocalStorage<AbortSignal>()
  const fetchWithin: typeof fetch = Object.assign(
    (url: string | URL | Request, init?: RequestInit) => {
      const given = [init?.signal, signals.getStore()].filter((signal) => signal instanceof AbortSignal)
      return boundedFetch(url, { ...init, signal: AbortSignal.any(given) })
    },
    { preconnect: fetch.preconnect },
  )
  const sdk = new StripeSdk(secretKey, {
    apiVersion,
    host: hostname,
    port,
    protocol: protocol === 'http:' ? 'http' : 'https',
    timeout: attemptTimeoutMs,
    maxNetworkRetries: 1,
    telemetry: false,
    httpClient: StripeSdk.createFetchHttpClient(fetchWithin),
  })

  return {
    webhooks: sdk.webhooks,

    /**
     * Sends a request to Stripe, and parses the answer.
     * @throws ProviderError for every failure; `unreadable` for an answer that does not match the schema
     */
    async ask<T extends z.ZodType>(
      what: string,
      call: CallOptions,
      schema: T,
      question: (stripe: Stripe) => Promise<unknown>,
    ): Promise<z.infer<T>> {
      let answer: unknown
      try {
        answer = await signals.run(call.signal, () => question(sdk))
      } catch (error) {
        throw toProviderError(what, error)
      }
      const { data, error } = schema.safeParse(answer)
      if (!error) return data
      throw new ProviderError('unreadable', `stripe, ${what}: ${shownFields(error.issues)} cannot be understood`)
    },
  }
}

/** The options of a writing request. One call may send several, so the idempotency key also has a name for each. */
export function writing(call: WriteOptions, name: string) {
  return { idempotencyKey: `${call.key}-${name}` }
}

/** Whether Stripe refused with one of these codes: https://docs.stripe.com/error-codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof ProviderError && isStripeError(error.answer) && codes.includes(error.answer.code ?? '')
}

type StripeFailure = {
  type: string
  code?: string
  statusCode?: number
  headers?: Record<string, string>
  /** Of a failed connection: the error of `fetch`. */
  detail?: unknown
}

function isStripeError(error: unknown): error is StripeFailure {
  return error instanceof Error && 'type' in error && typeof error.type === 'string'
}

/** By `type`, because class names do not survive minification. Stripe's messages may quote what was sent, so they are left out. */
function toProviderError(what: string, error: unknown): ProviderError {
  if (!isStripeError(error))
    return new ProviderError('unreadable', `stripe, ${what}: no answer of its form`, { answer: error })
  const { type, code, statusCode, headers, detail } = error
  const details = [type, shownCode(code), statusCode].filter((part) => part !== undefined).join(' ')
  const retryAfter = Number(headers?.['retry-after'])
  return new ProviderError(failureOf(error), `stripe, ${what}: ${details}`, {
    answer: error,
    ...(type === 'StripeConnectionError' && { cause: detail }),
    ...(retryAfter > 0 && { retryAfterSeconds: Math.min(retryAfter, 3_600) }),
  })
}

function failureOf({ type, code, statusCode }: StripeFailure): ProviderFailure {
  switch (type) {
    case 'StripeCardError':
      return 'refused'
    case 'StripeInvalidRequestError':
      // 409: a concurrent request has locked the object.
      return code === 'lock_timeout' || statusCode === 409 ? 'unavailable' : 'refused'
    case 'StripeIdempotencyError':
      return statusCode === 409 ? 'unavailable' : 'refused'
    case 'StripeAPIError':
      // Without a status: the answer was not JSON.
      return statusCode === undefined ? 'unreadable' : 'unavailable'
    default:
      return 'unavailable'
  }
}
