import { AppError } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import { refusing } from '../http/openapi.ts'
import type { PublicEnv } from '../http/request.ts'

/** 503 `mail-unavailable` with MAIL=off, before any look-up: for routes whose purpose is a mail. */
export const requireMail = refusing(
  middleware<PublicEnv>({
    name: 'requireMail',
    before(c) {
      if (!c.get('deps').mail.isOn) throw new AppError('mail-unavailable')
    },
  }),
  ['mail-unavailable'],
)
