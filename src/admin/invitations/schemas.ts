import { z } from 'zod'
import { Consents } from '../../consents/schemas.ts'
import { Email, LanguageTag, PersonName, Slug } from '../../http/input/fields.ts'
import { PresentedPassword } from '../../http/input/password.ts'

export const NewUser = z.lazy(() =>
  z
    .strictObject({
      email: Email,
      firstName: PersonName.nullish(),
      lastName: PersonName.nullish(),
      language: LanguageTag.optional(),
      role: Slug.optional(),
      plan: Slug.optional().meta({
        description: 'Begins when the invitation is accepted; needs subscriptions.manage.',
      }),
    })
    .meta({ ref: 'NewUser' }),
)
export type NewUser = z.infer<typeof NewUser>

export const Acceptance = z.lazy(() =>
  z
    .strictObject({
      token: z.string().max(65_536).meta({ description: 'Of the link in the mail: what follows #token=.' }),
      password: PresentedPassword,
      consents: Consents.optional().meta({ description: 'Each document that is required, and others.' }),
    })
    .meta({ ref: 'Acceptance' }),
)
export type Acceptance = z.infer<typeof Acceptance>
