import { z } from 'zod'
import { parseTrustedProxies } from '../addresses/client-ip.ts'
import { isTooWide } from '../addresses/networks.ts'
import { requireOrigin } from '../addresses/origin.ts'
import { integer, refuseWhatThrows } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import type { InstanceVariables } from '../config/variables.ts'

const origins = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .superRefine((list, context) => refuseWhatThrows(() => list.forEach(requireOrigin), context))

const variables = {
  ALLOWED_ORIGINS: origins,
  TRUSTED_PROXIES: z
    .string()
    .default('none')
    .superRefine((text, context) => refuseWhatThrows(() => parseTrustedProxies(text), context)),
  REQUEST_TIMEOUT_MS: integer(100, 600_000, 30_000),
  // 255 is the maximum of Bun.
  IDLE_TIMEOUT_SECONDS: integer(1, 255, 75),
}

type E = Values<typeof variables> & Pick<InstanceVariables, 'NODE_ENV'>

export type HttpConfig = ConfigOf<typeof httpConfiguration>

export const httpConfiguration = configuration({
  variables,
  config: (e: E) => ({
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustedProxies: e.TRUSTED_PROXIES,
    requestTimeoutMs: e.REQUEST_TIMEOUT_MS,
    idleTimeoutSeconds: e.IDLE_TIMEOUT_SECONDS,
  }),
  check: ({ NODE_ENV, TRUSTED_PROXIES }) =>
    NODE_ENV === 'production' &&
    TRUSTED_PROXIES !== undefined &&
    isTooWide(parseTrustedProxies(TRUSTED_PROXIES).networks)
      ? [
          'TRUSTED_PROXIES: holds, all together, so much of the internet that a client could choose its own address; name your proxies alone',
        ]
      : [],
})
