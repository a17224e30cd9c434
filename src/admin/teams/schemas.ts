import { z } from 'zod'
import { pagingFields, Uuid } from '../../http/input/fields.ts'

export const TeamsQuery = z.lazy(() =>
  z.strictObject({
    ownerId: Uuid.optional(),
    surplus: z.enum(['true']).optional().meta({ description: 'those that have more people than seats' }),
    ...pagingFields,
  }),
)

const Moment = z.iso.datetime()

export const TeamItem = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      name: z.string().nullable(),
      ownerId: z.uuid(),
      ownerEmail: z.string().nullable(),
      plan: z.string().meta({ description: 'of the owner, in force now' }),
      active: z.boolean().meta({ description: 'whether the owner shares that plan; else the team sleeps' }),
      seats: z.object({ limit: z.int().min(0).max(500), used: z.int().min(0).max(500) }),
      surplusSince: Moment.nullable().meta({ description: 'since when it has had more people than seats' }),
      createdAt: Moment,
    })
    .meta({ ref: 'TeamItem' }),
)
