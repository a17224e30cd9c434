import { z } from 'zod'
import { integer, secret } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import { secretAdvice } from '../config/secret-checks.ts'
import { type InstanceVariables, publicUrlOf } from '../config/variables.ts'
import { asymmetricAlgorithms, readSigningKeys } from '../crypto/signing-keys.ts'
import type { MailVariables } from '../mail/variables.ts'
import { maxSessionSeconds } from './session-lifetime.ts'

/** A private JWK Set, inline or `file:PATH`; the first key signs, all verify. */
const signingKeys = z.string().transform((text, context) => {
  try {
    return readSigningKeys(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

const variables = {
  JWT_ALGORITHM: z.enum(['HS256', ...asymmetricAlgorithms]).default('HS256'),
  JWT_KEYS: signingKeys.optional(),
  JWT_SECRET: secret.optional(),
  JWT_SECRET_PREVIOUS: secret.optional(),
  JWT_REFRESH_SECRET: secret,
  JWT_REFRESH_SECRET_PREVIOUS: secret.optional(),
  JWT_ISSUER: z.string().min(1).max(100).optional(),
  JWT_AUDIENCE: z.string().min(1).max(100).default('manas360'),
  ACCESS_TOKEN_TTL_SECONDS: integer(30, 900, 900),
  REFRESH_TOKEN_TTL_SECONDS: integer(300, maxSessionSeconds, 604_800),
  PASSWORD_MIN_LENGTH: integer(8, 128, 12),
  REQUIRE_EMAIL_VERIFICATION: z.enum(['true', 'false']).default('false'),
}

type E = Values<typeof variables> & Pick<InstanceVariables, 'PUBLIC_URL' | 'PORT'> & Pick<MailVariables, 'MAIL'>
export type AuthConfig = ConfigOf<typeof authConfiguration>

export const authConfiguration = configuration({
  variables,
  config: (e: E) => ({
    accessKeys:
      e.JWT_ALGORITHM === 'HS256'
        ? {
            algorithm: e.JWT_ALGORITHM,
            secrets: [e.JWT_SECRET, e.JWT_SECRET_PREVIOUS].filter((text) => text !== undefined),
          }
        : { algorithm: e.JWT_ALGORITHM, keys: e.JWT_KEYS ?? [] },
    jwtRefreshSecrets: [e.JWT_REFRESH_SECRET, e.JWT_REFRESH_SECRET_PREVIOUS].filter((text) => text !== undefined),
    jwtIssuer: e.JWT_ISSUER ?? publicUrlOf(e),
    jwtAudience: e.JWT_AUDIENCE,
    accessTtlSeconds: e.ACCESS_TOKEN_TTL_SECONDS,
    refreshTtlSeconds: e.REFRESH_TOKEN_TTL_SECONDS,
    passwordMinLength: e.PASSWORD_MIN_LENGTH,
    requireEmailVerification: e.REQUIRE_EMAIL_VERIFICATION === 'true',
  }),
  check(e) {
    const problems = keyProblems(e)
    if (e.JWT_SECRET !== undefined && e.JWT_SECRET === e.JWT_REFRESH_SECRET)
      problems.push('JWT_REFRESH_SECRET: must differ from JWT_SECRET, or either kind of token could pass for the other')
    if (e.MAIL === 'off' && e.REQUIRE_EMAIL_VERIFICATION === 'true')
      problems.push('REQUIRE_EMAIL_VERIFICATION: cannot be true with MAIL=off: nobody could verify an address')
    return problems
  },
  secrets: {
    JWT_SECRET: { purpose: 'signs access tokens', minProductionLength: 64 },
    JWT_SECRET_PREVIOUS: { purpose: 'verifies access tokens' },
    JWT_REFRESH_SECRET: { purpose: 'signs refresh tokens', minProductionLength: 64 },
    JWT_REFRESH_SECRET_PREVIOUS: { purpose: 'verifies refresh tokens' },
  },
})

/** The variables that JWT_ALGORITHM requires, and those that it does not use. */
function keyProblems({ JWT_ALGORITHM, JWT_SECRET, JWT_KEYS }: Partial<E>): string[] {
  if (JWT_ALGORITHM === undefined) return []
  if (JWT_ALGORITHM === 'HS256')
    return [
      ...(JWT_SECRET === undefined ? [`JWT_SECRET: is required ${secretAdvice}`] : []),
      ...(JWT_KEYS
        ? ['JWT_KEYS: HS256 signs nothing with them; set JWT_ALGORITHM to ES256 or EdDSA, or unset it']
        : []),
    ]
  if (JWT_KEYS === undefined)
    return [`JWT_KEYS: is required; manas360 keys generate --algorithm ${JWT_ALGORITHM} makes them`]
  return JWT_KEYS.every(({ algorithm }) => algorithm === JWT_ALGORITHM)
    ? []
    : [`JWT_KEYS: must all be keys of JWT_ALGORITHM, ${JWT_ALGORITHM}`]
}
