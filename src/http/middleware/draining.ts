import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

/** While draining, a connection is not to be used again. */
export function draining(lifecycle: { draining: boolean }) {
  return middleware<PublicEnv>({
    name: 'draining',
    sets: { Connection: () => (lifecycle.draining ? 'close' : undefined) },
  })
}
