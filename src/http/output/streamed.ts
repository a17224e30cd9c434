import type { Context, TypedResponse } from 'hono'
import type { RequestContext } from '../request.ts'

/** The members of a context that are used here, for an app of any Env. */
type Answering = { req: { method: string }; var: { context: RequestContext }; body: Context['body'] }

/**
 * Answers 200 with a streamed body. `Shown`: its type in the typed client. A HEAD does not start the stream.
 */
export function streamed<Shown = unknown>(
  c: Answering,
  body: ReadableStream<Uint8Array>,
  headers: Record<string, string>,
): Response & TypedResponse<Shown, 200, 'json'> {
  // Hono's type carries the body's type for the client, which does not exist at run time.
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
