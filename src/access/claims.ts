import type { Overrides } from './rights.ts'
import type { Assurance, AuthMethod } from './strength.ts'

/** The claims of an access token (`typ: at+jwt`, RFC 9068). Times are epoch seconds. */
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
  /**
   * Authentication methods of the sign-in (RFC 8176). Tokens of the previous version lack this and the next two claims,
   * and count as aal1.
   */
  amr?: readonly AuthMethod[]
  acr?: Assurance
  /** When the person authenticated last (OpenID Connect Core 2). */
  auth_time?: number
}
