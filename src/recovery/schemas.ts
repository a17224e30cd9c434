import { z } from 'zod'
import { Email } from '../http/input/fields.ts'
import { PresentedPassword } from '../http/input/password.ts'

/** Any string is accepted: one that is no token is answered like a link that does not work. */
const Token = z.string().max(65_536).meta({ description: 'Of the link in the mail: what follows #token=.' })

export const AddressOnly = z.lazy(() => z.strictObject({ email: Email }).meta({ ref: 'AddressOnly' }))

export const LinkToken = z.lazy(() => z.strictObject({ token: Token }).meta({ ref: 'LinkToken' }))

export const PasswordReset = z.lazy(() =>
  z.strictObject({ token: Token, newPassword: PresentedPassword }).meta({ ref: 'PasswordReset' }),
)
export type PasswordReset = z.infer<typeof PasswordReset>

export const EmailChange = z.lazy(() =>
  z
    .strictObject({
      newEmail: Email,
      password: PresentedPassword.optional().meta({
        description: 'Of the account; needed unless the person showed who they are within the last 10 minutes.',
      }),
    })
    .meta({ ref: 'EmailChange' }),
)
export type EmailChange = z.infer<typeof EmailChange>

export const Accepted = z.lazy(() => z.object({ status: z.literal('accepted') }).meta({ ref: 'Accepted' }))
