import type { Context, TypedResponse } from 'hono'
import type { AuthedEnv } from '../request.ts'

/**
 * An answer 200 whose body is made while it is read. `Shown`: what the typed client takes the JSON for. A HEAD is answered
 * without beginning it.
 */
export function streamed<Shown = unknown>(
  c: Context<AuthedEnv>,
  body: ReadableStream<Uint8Array>,
  headers: Record<string, string>,
): Response & TypedResponse<Shown, 200, 'json'> {
  // Hono's type tells the client what is sent; nothing of that is there at run time.
  return answer(c, body, headers) as unknown as Response & TypedResponse<Shown, 200, 'json'>
}

function answer(c: Context<AuthedEnv>, body: ReadableStream<Uint8Array>, headers: Record<string, string>): Response {
  if (c.req.method !== 'HEAD') {
    c.get('call').streams = true
    return c.body(body, 200, headers)
  }
  void body.cancel()
  return c.body(null, 200, headers)
}
