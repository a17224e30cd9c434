import { hc } from 'hono/client'
import type { App } from './app.ts'

/** Calls this service with the types of its routes; made by `createClient`. */
export type Client = ReturnType<typeof createClient>

type Options = {
  /** Asked before every request; null: none is sent. */
  accessToken?: () => string | null | Promise<string | null>
  /** Replaces the global fetch. */
  fetch?: typeof fetch
}

/**
 * Hono's typed client for this service: paths, bodies, queries and answers are checked by the compiler, from the routes
 * themselves. Only types of the server are imported, so nothing of it reaches the client's bundle.
 *
 * @param baseUrl e.g. `https://api.manas360.com`
 */
export function createClient(baseUrl: string, { accessToken = () => null, fetch: send }: Options = {}) {
  return hc<App>(baseUrl, {
    ...(send && { fetch: send }),
    headers: async (): Promise<Record<string, string>> => {
      const token = await accessToken()
      return token === null ? {} : { Authorization: `Bearer ${token}` }
    },
  })
}
