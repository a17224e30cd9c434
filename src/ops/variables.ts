import { z } from 'zod'
import { type ConfigOf, configuration } from '../config/room.ts'

export type OpsConfig = ConfigOf<typeof opsConfiguration>

export const opsConfiguration = configuration({
  variables: { OPS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional() },
  config: (e) => ({ opsToken: e.OPS_TOKEN }),
  secrets: { OPS_TOKEN: { purpose: "opens the operators' pages, and travels with each of their requests" } },
})
