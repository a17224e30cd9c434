import { erasureGuards } from './erasure.ts'
import { factorGuards } from './factors.ts'
import type { Guard } from './guard.ts'
import { moneyGuards } from './money.ts'
import { operatorGuards } from './operators.ts'
import { requestGuards } from './requests.ts'
import { rightsGuards } from './rights.ts'
import { sessionGuards } from './sessions.ts'
import { teamGuards } from './teams.ts'
import { tokenGuards } from './tokens.ts'
import { webhookGuards } from './webhooks.ts'

/** All guards that are removed, each once. */
export const guards: Guard[] = [
  ...tokenGuards,
  ...sessionGuards,
  ...rightsGuards,
  ...factorGuards,
  ...requestGuards,
  ...moneyGuards,
  ...webhookGuards,
  ...teamGuards,
  ...operatorGuards,
  ...erasureGuards,
]
