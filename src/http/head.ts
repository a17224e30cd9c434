import type { Hono } from 'hono'
import { middleware } from './middleware.ts'
import { contextOf, type PublicEnv } from './request.ts'

const answers = new WeakMap<Request, Response>()

/** Keeps the answer to HEAD with its body, for `answerHead`. */
export const keepHeadResponse = middleware<PublicEnv>({
  name: 'keepHeadResponse',
  after(c) {
    if (contextOf(c).method === 'HEAD') answers.set(c.req.raw, c.res)
  },
})

/**
 * Answers HEAD with the headers of GET (RFC 9110 9.3.2). Hono drops the body and with it the Content-Length; given the
 * whole answer, the server sends the length and no body.
 */
export function answerHead(app: Hono<PublicEnv>): void {
  const { fetch } = app
  app.fetch = (request, env, context) => {
    const answer = fetch(request, env, context)
    return request.method === 'HEAD' ? Promise.resolve(answer).then((bare) => answers.get(request) ?? bare) : answer
  }
}
