import { parseTrustedProxies } from '../addresses/client-ip.ts'
import { isTooWide } from '../addresses/networks.ts'
import { isLocal } from '../config/fields.ts'
import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

/** The duration of two checks of a load balancer that checks every second. */
const minDrainMs = 2_000

/** Warns of risky settings in production, each with the reason. */
export function examineConfiguration(config: Config): Finding[] {
  if (!config.production) return []
  const warn = (name: string, detail: string, advice: string): Finding => ({ name, state: 'warning', detail, advice })
  return [...networkRisks(config), ...runningRisks(config)].map((found) => warn(...found))
}

type Risk = [name: string, detail: string, advice: string]

function networkRisks({ redisUrl, trustedProxies, publicUrl, allowedOrigins }: Config): Risk[] {
  const risks: Risk[] = []
  const redis = redisUrl === undefined ? null : new URL(redisUrl)
  if (redis && !isLocal(redis.href)) {
    if (redis.protocol === 'redis:')
      risks.push([
        'REDIS_URL',
        'leads to another host without TLS: addresses, account ids and its password are readable on the way',
        'use rediss://, or keep that network to yourself',
      ])
    if (!redis.password)
      risks.push([
        'REDIS_URL',
        'has no password: who reaches that host may set every limit',
        'set one in Redis and here',
      ])
  }
  const { networks } = parseTrustedProxies(trustedProxies)
  if (networks.length === 0 && publicUrl.startsWith('https:'))
    risks.push([
      'TRUSTED_PROXIES',
      'is none, though TLS ends at a proxy: all clients count as that one address and share its limits',
      "set it to fly, alb, cloudflare or your proxies' own addresses",
    ])
  if (isTooWide(networks))
    risks.push([
      'TRUSTED_PROXIES',
      'holds a good part of the internet: who is in it picks its own address',
      'name your proxies alone',
    ])
  const plain = allowedOrigins.filter((origin) => origin.startsWith('http://'))
  if (plain.length > 0)
    risks.push([
      'ALLOWED_ORIGINS',
      `${plain.join(', ')}: whoever is on the way can change that page`,
      'name https origins alone',
    ])
  return risks
}

function runningRisks({ jobs, logLevel, drainDelayMs, requireAdminMfa }: Config): Risk[] {
  const risks: Risk[] = []
  if (!requireAdminMfa)
    risks.push([
      'REQUIRE_ADMIN_MFA',
      "is false: whoever guesses an administrator's password administrates",
      'leave it at true; who has no second factor yet can set one up',
    ])
  if (jobs === 'off')
    risks.push([
      'JOBS',
      'is off: unless another instance runs them the audit trail is not sealed, and nothing is purged',
      'leave it at inline',
    ])
  if (logLevel === 'silent')
    risks.push([
      'LOG_LEVEL',
      "is silent: the audit trail's checkpoints are told to nobody",
      'use warn, or error at most',
    ])
  if (drainDelayMs < minDrainMs)
    risks.push([
      'DRAIN_DELAY_MS',
      `is ${drainDelayMs}: a load balancer still sends requests when the instance takes no more`,
      "set it to its check's interval times its failures, and a second",
    ])
  return risks
}
