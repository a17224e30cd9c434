import type { Context } from 'hono'
import type { PublicEnv } from '../env.ts'
import { AppError } from '../errors.ts'
import { middleware } from './middleware.ts'

/** Bun closes a socket on which nothing moved for 10 s; a request still at work after this long is given its whole deadline. */
const extendAfterMs = 8_000

/**
 * Ends a request whose time is up with a 504. Its handler goes on behind it; its queries have shorter deadlines of their own.
 * What answers at once costs nothing.
 */
export function deadline(timeoutMs: number) {
  return middleware<PublicEnv>({
    name: 'deadline',
    async during(c, within) {
      const late = Promise.withResolvers<'late'>()
      let timer = setTimeout(extend, Math.min(extendAfterMs, timeoutMs))
      function extend() {
        const leftMs = timeoutMs - extendAfterMs
        if (leftMs <= 0) return late.resolve('late')
        keepSocket(c, leftMs)
        timer = setTimeout(() => late.resolve('late'), leftMs)
      }
      try {
        if ((await Promise.race([within, late.promise])) === 'late') throw new AppError('deadline-exceeded')
      } finally {
        clearTimeout(timer)
      }
    },
  })
}

function keepSocket(c: Context<PublicEnv>, milliseconds: number): void {
  c.env?.server?.timeout(c.req.raw, Math.ceil(milliseconds / 1000) + 5)
}
