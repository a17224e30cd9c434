import type { Context, TypedResponse } from 'hono'
import type { RequestContext } from '../request.ts'

/** The part of a context that is needed, whatever the variables of its app. */
type Answering = { req: { method: string }; var: { context: RequestContext }; body: Context['body'] }

/**
 * An answer 200 whose body is made while it is read. `Shown`: what the typed client takes the JSON for. A HEAD is answered
 * without beginning it.
 */
export function streamed<Shown = unknown>(
  c: Answering,
  body: ReadableStream<Uint8Array>,
  headers: Record<string, string>,
): Response & TypedResponse<Shown, 200, 'json'> {
  // Hono's type tells the client what is sent; nothing of that is there at run time.
  return answer(c, body, headers) as unknown as Response & TypedResponse<Shown, 200, 'json'>
}

function answer(c: Answering, body: ReadableStream<Uint8Array>, headers: Record<string, string>): Response {
  if (c.req.method !== 'HEAD') {
    c.var.context.streams = true
    return c.body(body, 200, headers)
  }
  void body.cancel()
  return c.body(null, 200, headers)
}
