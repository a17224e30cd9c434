import type { Overrides } from './rights.ts'
import type { Assurance, AuthMethod } from './strength.ts'

/** What an access token says (`typ: at+jwt`, RFC 9068). Times are epoch seconds. */
export type AccessClaims = {
  iss: string
  aud: string
  sub: string
  iat: number
  nbf: number
  exp: number
  jti: string
  sid: string
  role: string
  lvl: number
  perms: string[]
  plan: string
  tier: number
  feats: string[]
  /** When the plan's rights lapse; absent when they do not. */
  pex?: number
  ovr?: Overrides
  /** The owner of the team whose plan it is, and whose monthly quota; absent on a plan of one's own and on free. */
  payer?: string
  /** The account's authorisation version. */
  ver: number
  /** The catalogue's version. */
  cv: number
  /** What was shown to sign in (RFC 8176). This and the next two lack in tokens of the version before: those count as weak. */
  amr?: readonly AuthMethod[]
  acr?: Assurance
  /** When it was shown last (OpenID Connect Core 2). */
  auth_time?: number
}
