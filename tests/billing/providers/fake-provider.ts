import { afterAll } from 'bun:test'
import type { PlanPrice } from '../../../src/billing/providers/provider.ts'
import { ProviderError } from '../../../src/billing/providers/provider-error.ts'

export type Asked = {
  method: string
  path: string
  query: Record<string, string>
  headers: Headers
  /** A form's fields by their names (`metadata[reference]`), or what a JSON body says. */
  body: Record<string, unknown>
}

export type Answer = Response | object | ((asked: Asked) => Response | object | Promise<Response | object>)

/**
 * A server of this process that stands for a provider's: it answers what was put under `METHOD /path`, and keeps what it was
 * asked. Anything else is 404, in the provider's own form.
 */
export function openFakeProvider(notFound: object) {
  const answers = new Map<string, Answer>()
  const asked: Asked[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 255,
    async fetch(request): Promise<Response> {
      const url = new URL(request.url)
      const question = {
        method: request.method,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: await bodyOf(request),
      }
      asked.push(question)
      const answer = answers.get(`${request.method} ${url.pathname}`) ?? Response.json(notFound, { status: 404 })
      const said = typeof answer === 'function' ? await answer(question) : answer
      return said instanceof Response ? new Response(await said.clone().arrayBuffer(), said) : Response.json(said)
    },
  })
  afterAll(() => server.stop(true))
  return {
    url: server.url.origin,
    asked,
    /** Puts an answer where others may stand, and forgets what was asked. */
    answer(given: Record<string, Answer>) {
      for (const [route, answer] of Object.entries(given)) answers.set(route, answer)
      asked.length = 0
    },
    /** What was asked of a route, in order. */
    askedOf: (route: string): Asked[] => asked.filter(({ method, path }) => `${method} ${path}` === route),
    forget() {
      answers.clear()
      asked.length = 0
    },
  }
}

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text === '') return {}
  return request.headers.get('content-type')?.includes('json')
    ? JSON.parse(text)
    : Object.fromEntries(new URLSearchParams(text))
}

/** Epoch seconds, as providers write times. */
export const at = (text: string): number => new Date(text).getTime() / 1000

export const read = { signal: new AbortController().signal }
export const write = { ...read, key: 'intent-1' }

/** A price by the month. */
export const monthly = (amountMinor: number, currency: string, taxInclusive: boolean): PlanPrice => ({
  id: '01931b0e-0000-7000-8000-000000000001',
  plan: { name: 'professional', displayName: 'Professional', description: 'For teams' },
  interval: 'month',
  money: { amountMinor, currency },
  taxInclusive,
})

/** How a call to a provider failed. */
export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProviderError)) throw new Error(`no ProviderError: ${error}`)
  return error
}
