import { z } from 'zod'
import { type ConfigOf, configuration } from '../config/room.ts'

export type ChangesConfig = ConfigOf<typeof changesConfiguration>

export const changesConfiguration = configuration({
  variables: { AUTHZ_FEED: z.enum(['listen', 'poll']).default('listen') },
  config: (e) => ({ authzFeed: e.AUTHZ_FEED }),
})
