import { integer } from '../config/fields.ts'
import { type ConfigOf, configuration } from '../config/room.ts'

export type TeamConfig = ConfigOf<typeof teamConfiguration>

export const teamConfiguration = configuration({
  variables: { SEATS_GRACE_DAYS: integer(0, 90, 14) },
  config: (e) => ({
    /** The grace period of a team with more people than seats, in milliseconds; then its newest members leave. */
    seatsGraceMs: e.SEATS_GRACE_DAYS * 86_400_000,
  }),
})
