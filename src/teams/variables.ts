import { integer } from '../config/fields.ts'
import { type ConfigOf, configuration } from '../config/room.ts'

export type TeamConfig = ConfigOf<typeof teamConfiguration>

export const teamConfiguration = configuration({
  variables: { SEATS_GRACE_DAYS: integer(0, 90, 14) },
  config: (e) => ({
    /** For so long a team may have more people than its plan has seats; then the newest leave. */
    seatsGraceMs: e.SEATS_GRACE_DAYS * 86_400_000,
  }),
})
