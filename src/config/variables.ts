import { z } from 'zod'
import { httpsRequirement, integer, url, wholeNumber } from './fields.ts'
import { type ConfigOf, configuration, type Values } from './room.ts'

const variables = {
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  PORT: integer(0, 65_535, 3000),
  HOST: z.string().min(1).default('0.0.0.0'),
  REUSE_PORT: z.enum(['true', 'false']).default('false'),
  PUBLIC_URL: url('http:', 'https:').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  DRAIN_DELAY_MS: wholeNumber(0, 300_000).optional(),
  SHUTDOWN_TIMEOUT_MS: integer(100, 600_000, 25_000),
}

/** Variables of the instance that rooms may read besides their own. */
export type InstanceVariables = Values<typeof variables>
export type InstanceConfig = ConfigOf<typeof instanceConfiguration>

/** Variables of the instance: its address, its public URL and its shutdown. */
export const instanceConfiguration = configuration({
  variables,
  config: (e) => ({
    production: e.NODE_ENV === 'production',
    port: e.PORT,
    host: e.HOST,
    reusePort: e.REUSE_PORT === 'true',
    publicUrl: publicUrlOf(e),
    logLevel: e.LOG_LEVEL,
    drainDelayMs: e.DRAIN_DELAY_MS ?? defaultDrainMs(e),
    shutdownTimeoutMs: e.SHUTDOWN_TIMEOUT_MS,
  }),
  check({ NODE_ENV, PUBLIC_URL, DRAIN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }) {
    const problems: string[] = []
    if (DRAIN_DELAY_MS !== undefined && SHUTDOWN_TIMEOUT_MS !== undefined && DRAIN_DELAY_MS >= SHUTDOWN_TIMEOUT_MS)
      problems.push('DRAIN_DELAY_MS: must be below SHUTDOWN_TIMEOUT_MS, which counts the whole shutdown')
    if (NODE_ENV !== 'production') return problems
    if (!PUBLIC_URL) problems.push('PUBLIC_URL: must be set in production, and begin with https://')
    else if (!PUBLIC_URL.startsWith('https://')) problems.push('PUBLIC_URL: must begin with https:// in production')
    return problems
  },
  demands: { PUBLIC_URL: httpsRequirement },
})

/** The URL at which clients reach this service, without a slash at the end. */
export function publicUrlOf({ PUBLIC_URL, PORT }: Pick<InstanceVariables, 'PUBLIC_URL' | 'PORT'>): string {
  return (PUBLIC_URL ?? `http://localhost:${PORT}`).replace(/\/+$/, '')
}

/** The duration of two checks of a load balancer that checks every 2 s; at most half of the shutdown. */
function defaultDrainMs({ NODE_ENV, SHUTDOWN_TIMEOUT_MS }: InstanceVariables): number {
  return NODE_ENV === 'production' ? Math.min(5_000, Math.floor(SHUTDOWN_TIMEOUT_MS / 2)) : 0
}
