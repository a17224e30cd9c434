import { z } from 'zod'
import { PersonName, Uuid } from '../http/input/fields.ts'

const Time = z.iso.datetime()

export const TeamPatch = z.lazy(() =>
  z.strictObject({ name: PersonName.nullable() }).partial().meta({ ref: 'TeamPatch' }),
)
export type TeamPatch = z.infer<typeof TeamPatch>

export const TeamBody = z.lazy(() =>
  z
    .object({
      id: z.uuid().nullable().meta({ description: 'Null: there is none yet. The first invitation or name makes it.' }),
      name: z.string().nullable(),
      role: z.enum(['owner', 'member']),
      ownerId: z.uuid(),
      seats: z.object({
        limit: z.int().min(0).max(500).meta({ description: "Of the owner's plan; the owner holds one." }),
        used: z.int().min(0).max(500),
      }),
      active: z
        .boolean()
        .meta({ description: 'Whether the owner has a plan that members share. Without one the team sleeps.' }),
      createdAt: Time.nullable(),
      joinedAt: Time.nullable(),
    })
    .meta({ ref: 'Team' }),
)

export const MemberPath = z.lazy(() => z.strictObject({ id: Uuid }))

export const MemberBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      name: z.string().nullable(),
      email: z.string().nullable().meta({ description: 'Shown to the owner alone.' }),
      role: z.enum(['owner', 'member']),
      joinedAt: Time,
    })
    .meta({ ref: 'TeamMember' }),
)

export const InvitationPath = z.lazy(() => z.strictObject({ id: Uuid }))

export const InvitationBody = z.lazy(() =>
  z.object({ id: z.uuid(), email: z.string(), createdAt: Time, expiresAt: Time }).meta({ ref: 'TeamInvitation' }),
)
