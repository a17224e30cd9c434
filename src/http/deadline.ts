import { AppError } from '../errors/app-error.ts'
import { middleware } from './middleware.ts'
import { resetSocketTimeout, setSocketTimeout } from './output/streaming.ts'
import type { PublicEnv } from './request.ts'

/**
 * Answers 504 when the deadline passes. The handler keeps running; its statements have shorter deadlines of their own.
 * Costs nothing for a synchronous answer. Shortly before the socket's idle timeout, that is extended to the whole deadline.
 * @param idleSeconds the idle timeout of connections (IDLE_TIMEOUT_SECONDS)
 */
export function deadline(timeoutMs: number, idleSeconds: number) {
  const extendAfterMs = idleSeconds * 800
  return middleware<PublicEnv>({
    name: 'deadline',
    async during(c, within) {
      let extended = false
      const late = Promise.withResolvers<'late'>()
      let timer = setTimeout(extend, Math.min(extendAfterMs, timeoutMs))
      function extend() {
        const leftMs = timeoutMs - extendAfterMs
        if (leftMs <= 0) return late.resolve('late')
        extended = true
        setSocketTimeout(c, Math.ceil(leftMs / 1000) + 5)
        timer = setTimeout(() => late.resolve('late'), leftMs)
      }
      try {
        if ((await Promise.race([within, late.promise])) === 'late') throw new AppError('deadline-exceeded')
      } finally {
        clearTimeout(timer)
        if (extended) resetSocketTimeout(c)
      }
    },
  })
}
