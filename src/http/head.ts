import type { Hono } from 'hono'
import { middleware } from './middleware.ts'
import { contextOf, type PublicEnv } from './request.ts'

const answers = new WeakMap<Request, Response>()

/** Keeps what HEAD would be answered as GET, for `answerHead`. */
export const keepWhole = middleware<PublicEnv>({
  name: 'keepWhole',
  after(c) {
    if (contextOf(c).method === 'HEAD') answers.set(c.req.raw, c.res)
  },
})

/**
 * Answers to HEAD as GET would have given them. Hono takes the body away and with it the length; the server, handed the
 * whole answer, sends the length and no body (RFC 9110 9.3.2).
 */
export function answerHead(app: Hono<PublicEnv>): void {
  const { fetch } = app
  app.fetch = (request, env, context) => {
    const answer = fetch(request, env, context)
    return request.method === 'HEAD' ? Promise.resolve(answer).then((bare) => answers.get(request) ?? bare) : answer
  }
}
