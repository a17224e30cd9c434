import { accessConfiguration } from './access/variables.ts'
import { accountConfiguration } from './account/variables.ts'
import { auditConfiguration } from './audit/variables.ts'
import { authConfiguration } from './auth/variables.ts'
import { razorpayConfiguration } from './billing/providers/razorpay/variables.ts'
import { stripeConfiguration } from './billing/providers/stripe/variables.ts'
import { billingConfiguration } from './billing/variables.ts'
import { brandConfiguration } from './brand/variables.ts'
import { changesConfiguration } from './changes/variables.ts'
import { joinConfigurations } from './config/join.ts'
import { returnUrlsConfiguration } from './config/return-urls.ts'
import type { ConfigOf, Values } from './config/room.ts'
import { instanceConfiguration } from './config/variables.ts'
import { consentConfiguration } from './consents/variables.ts'
import { databaseConfiguration } from './db/variables.ts'
import { httpConfiguration } from './http/variables.ts'
import { jobsConfiguration } from './jobs/variables.ts'
import { mailConfiguration } from './mail/variables.ts'
import { opsConfiguration } from './ops/variables.ts'
import { passkeyConfiguration } from './passkeys/variables.ts'
import { rateLimitConfiguration } from './rate-limits/variables.ts'
import { redisConfiguration } from './redis/variables.ts'
import { secretsConfiguration } from './secrets/variables.ts'
import { ssoConfiguration } from './sso/variables.ts'
import { teamConfiguration } from './teams/variables.ts'
import { tracingConfiguration } from './tracing/variables.ts'
import { webhookConfiguration } from './webhooks/variables.ts'

/** The configurations of all rooms, in the order in which problems are listed. */
const rooms = [
  instanceConfiguration,
  databaseConfiguration,
  authConfiguration,
  accessConfiguration,
  auditConfiguration,
  secretsConfiguration,
  mailConfiguration,
  returnUrlsConfiguration,
  passkeyConfiguration,
  ssoConfiguration,
  consentConfiguration,
  billingConfiguration,
  stripeConfiguration,
  razorpayConfiguration,
  teamConfiguration,
  accountConfiguration,
  httpConfiguration,
  rateLimitConfiguration,
  redisConfiguration,
  brandConfiguration,
  changesConfiguration,
  jobsConfiguration,
  opsConfiguration,
  tracingConfiguration,
  webhookConfiguration,
] as const

type Room = (typeof rooms)[number]
/** All members of a union at once. */
type All<U> = (U extends unknown ? (member: U) => void : never) extends (member: infer I) => void ? I : never
type Variables = Values<All<Room['variables']>>

/** The whole configuration, checked and frozen. Durations have their unit in the name. */
export type Config = All<ConfigOf<Room>>

export const { loadConfig, knownVariables } = joinConfigurations<Variables, Config>(rooms, {
  METRICS_PORT: 'a port for metrics is',
})
