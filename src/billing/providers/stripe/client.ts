import { AsyncLocalStorage } from 'node:async_hooks'
import type Stripe from 'stripe'
import type { z } from 'zod'
import { boundedFetch } from '../bounded-fetch.ts'
import type { Read, Write } from '../provider.ts'
import { ProviderError, type ProviderFailure, shownCode, shownFields } from '../provider-error.ts'

/** The version of Stripe's interface that the requests and the schemas of answers are written for. */
const apiVersion = '2026-10-28.endive'
/** For one attempt. */
const attemptTimeoutMs = 10_000

export type StripeOptions = {
  secretKey: string
  /** Where its interface is; a test's server. Default: Stripe's own. */
  baseUrl?: string
}

export type StripeClient = Awaited<ReturnType<typeof openStripeClient>>

/** Loads the library, which is large, and opens no connection. */
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
     * Asks Stripe, and reads the answer.
     * @throws ProviderError of every failure, `unreadable` for an answer that is not as the schema says
     */
    async ask<T extends z.ZodType>(
      what: string,
      call: Read,
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

/** The options of a request that changes something; one call may make several, each with a name. */
export function writing(call: Write, name: string) {
  return { idempotencyKey: `${call.key}-${name}` }
}

/** Whether Stripe refused with that code: https://docs.stripe.com/error-codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof ProviderError && isStripeError(error.answer) && codes.includes(error.answer.code ?? '')
}

type StripeFailure = {
  type: string
  code?: string
  statusCode?: number
  headers?: Record<string, string>
  /** Of a connection's failure: what `fetch` threw. */
  detail?: unknown
}

function isStripeError(error: unknown): error is StripeFailure {
  return error instanceof Error && 'type' in error && typeof error.type === 'string'
}

/** By `type`: the names of classes do not survive minification. The messages of Stripe may quote what was sent, and stay out. */
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
      // 409: another request holds the object at this moment.
      return code === 'lock_timeout' || statusCode === 409 ? 'unavailable' : 'refused'
    case 'StripeIdempotencyError':
      return statusCode === 409 ? 'unavailable' : 'refused'
    case 'StripeAPIError':
      // Without a status: what came was no JSON.
      return statusCode === undefined ? 'unreadable' : 'unavailable'
    default:
      return 'unavailable'
  }
}
