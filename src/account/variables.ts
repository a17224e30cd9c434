import { z } from 'zod'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import type { MailVariables } from '../mail/variables.ts'

const variables = {
  INACTIVE_ACCOUNT_DAYS: z
    .string()
    .default('off')
    .refine((text) => text === 'off' || (/^\d{1,4}$/.test(text) && Number(text) >= 60 && Number(text) <= 3_650), {
      message: 'must be off, or a whole number of days from 60 to 3650',
    })
    .transform((text) => (text === 'off' ? null : Number(text))),
}

type E = Values<typeof variables> & Pick<MailVariables, 'MAIL'>
export type AccountConfig = ConfigOf<typeof accountConfiguration>

export const accountConfiguration = configuration({
  variables,
  config: (e: E) => ({
    /** Days without use after which an account is erased; null: never. The first notice is sent 30 days before. */
    inactiveAccountDays: e.INACTIVE_ACCOUNT_DAYS,
  }),
  check: ({ MAIL, INACTIVE_ACCOUNT_DAYS }) =>
    MAIL === 'off' && typeof INACTIVE_ACCOUNT_DAYS === 'number'
      ? ['INACTIVE_ACCOUNT_DAYS: must be off with MAIL=off: nobody could be warned']
      : [],
})
