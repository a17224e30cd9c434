import { AppError } from '../../errors/app-error.ts'
import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'
import { isMisspelt } from './framing.ts'
import { isPlain } from './sent-paths.ts'

/** Answers 404 to a path that is not in its canonical spelling. */
export const spelling = middleware<PublicEnv>({
  name: 'spelling',
  before(c, route) {
    const sent = c.env?.spelling
    if (sent === 'another' || (sent === 'unknown' && isPlain(route)) || isMisspelt(c.req.raw.url))
      throw new AppError('not-found')
  },
})
