import { z } from 'zod'
import { Grant, RoleChange } from '../admin/schemas.ts'
import { readHash, toImportedHash } from '../auth/imported-hashes.ts'
import { Registration } from '../auth/schemas.ts'
import { bounded, IsoDateTime } from '../http/input/fields.ts'

/** A stored password hash of the other system. */
const PasswordHash = bounded(512, 'A password hash has at most 512 characters.').transform((text, { addIssue }) => {
  const read = readHash(text)
  if ('check' in read) return toImportedHash(text)
  addIssue({ code: 'custom', message: read.reason })
  return z.NEVER
})

const { email, firstName, lastName, phoneNumber, language, timezone } = Registration.unwrap().shape
const { plan, endsAt } = Grant.unwrap().shape

/** A line of an import. Values that routes accept too are checked by the same schemas; null counts as absent. */
export const ImportedAccount = z.strictObject({
  email,
  passwordHash: PasswordHash.nullish(),
  emailVerified: z.boolean().nullish(),
  firstName,
  lastName,
  phoneNumber,
  language: language.nullable(),
  timezone: timezone.nullable(),
  role: RoleChange.unwrap().shape.role.nullish(),
  plan: plan.nullish(),
  planEndsAt: endsAt,
  status: z.enum(['active', 'locked']).nullish(),
  createdAt: IsoDateTime.nullish(),
})
export type ImportedAccount = z.infer<typeof ImportedAccount>
