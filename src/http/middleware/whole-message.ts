import { AppError } from '../../errors/app-error.ts'
import { untilParsed } from '../input/body.ts'
import { middleware } from '../middleware.ts'
import { contextOf, type PublicEnv } from '../request.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses a request whose connection Bun is about to close without an answer, so that it changes nothing. Bun does so
 * after pipelined requests and after trailers. What arrived together with the request is checked here; what comes later
 * is checked before the commit (`createCallerDeps`).
 */
export const wholeMessage = middleware<PublicEnv>({
  name: 'wholeMessage',
  before(c) {
    const context = contextOf(c)
    if (safeMethods.has(context.method)) return
    if (c.req.raw.headers.has('trailer')) throw new AppError('bad-request', { detail: 'Trailers are not accepted.' })
    if (!c.env?.server) return
    const { left } = context
    return untilParsed().then((): undefined => {
      if (left.aborted) throw new AppError('deadline-exceeded')
    })
  },
})
