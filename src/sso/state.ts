import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Secrets } from '../secrets/secrets.ts'
import type { Binding } from './provider.ts'

const stateTtlSeconds = 600

/** What a code can be used for: signing in, or adding an identity to the account that began. */
export type Purpose = { kind: 'sign-in' } | { kind: 'link'; accountId: string }

/** One authorization request, from its start to the callback. */
export type Journey = {
  id: string
  providerId: string
  purpose: Purpose
  returnTo: string
  /** From the app that began: only its verifier can exchange this service's code (RFC 7636). */
  codeChallenge: string
  nonce: string
  pkceVerifier: string
  /** Epoch second, by the database's clock. */
  expiresAt: number
}

/** Bound to the encryption, so that other encrypted values are not accepted as a state. */
const place = { table: 'oidc', column: 'state', id: 'authorization' }
const maxLength = 2_048

/** The encrypted content of a state. The encryption authenticates it; the first member is the version of the format. */
const Sealed = z.lazy(() =>
  z.tuple([
    z.literal(1),
    z.string(),
    z.string(),
    z.string().nullable(),
    z.string(),
    z.string(),
    z.string(),
    z.string(),
    z.int(),
  ]),
)

type Begin = Pick<Journey, 'providerId' | 'purpose' | 'returnTo' | 'codeChallenge'>

/** Makes state, nonce and PKCE verifier of a new authorization request. @param nowMs the database's time in epoch milliseconds */
export function beginJourney(secrets: Secrets, begin: Begin, nowMs: number): Binding {
  const [nonce, pkceVerifier] = [newRandom(), newRandom()]
  const expiresAt = Math.floor(nowMs / 1_000) + stateTtlSeconds
  const state = seal(secrets, { ...begin, id: Bun.randomUUIDv7(), nonce, pkceVerifier, expiresAt })
  return { state, nonce, pkceVerifier }
}

/** 256 random bits. */
const newRandom = (): string => randomBytes(32).toString('base64url')

/**
 * The `state` parameter: the whole request, encrypted under DATA_KEY. Nothing is stored before the callback, so requests that only begin
 * cannot fill a table (docs/decisions/state-is-sealed.md).
 */
function seal(secrets: Secrets, journey: Journey): string {
  const { id, providerId, purpose, returnTo, codeChallenge, nonce, pkceVerifier, expiresAt } = journey
  const accountId = purpose.kind === 'link' ? purpose.accountId : null
  const sealed: z.infer<typeof Sealed> = [
    1,
    id,
    providerId,
    accountId,
    returnTo,
    codeChallenge,
    nonce,
    pkceVerifier,
    expiresAt,
  ]
  return secrets.encrypt(JSON.stringify(sealed), place).toString('base64url')
}

/** Decrypts a state that this service made, expired or not; null for any other text. */
export function openState(secrets: Secrets, state: string): Journey | null {
  if (state.length > maxLength || !/^[\w-]+$/.test(state)) return null
  let text: string
  try {
    text = secrets.decrypt(Buffer.from(state, 'base64url'), place)
  } catch {
    return null
  }
  const { data } = Sealed.safeParse(JSON.parse(text))
  if (!data) return null
  const [, id, providerId, accountId, returnTo, codeChallenge, nonce, pkceVerifier, expiresAt] = data
  const purpose: Purpose = accountId === null ? { kind: 'sign-in' } : { kind: 'link', accountId }
  return { id, providerId, purpose, returnTo, codeChallenge, nonce, pkceVerifier, expiresAt }
}
