import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

/** Sends `Connection: close` while the instance shuts down. */
export function draining(lifecycle: { draining: boolean }) {
  return middleware<PublicEnv>({
    name: 'draining',
    sets: { Connection: () => (lifecycle.draining ? 'close' : undefined) },
  })
}
