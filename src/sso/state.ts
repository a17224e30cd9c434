import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Secrets } from '../secrets/secrets.ts'
import type { Binding } from './provider.ts'

export const stateTtlSeconds = 600

/** What a code is good for: signing in, or adding an identity to the account that began. */
export type Purpose = { kind: 'sign-in' } | { kind: 'link'; accountId: string }

/** One way to a provider and back. */
export type Journey = {
  id: string
  providerId: string
  purpose: Purpose
  returnTo: string
  /** Of the app that began: only its verifier turns the code that comes out into anything (RFC 7636). */
  codeChallenge: string
  nonce: string
  pkceVerifier: string
  /** Epoch second, by the database's clock. */
  expiresAt: number
}

/** Where a state is encrypted for: what is encrypted elsewhere is none. */
const place = { table: 'oidc', column: 'state', id: 'authorization' }
const maxLength = 2_048

/** A journey as it travels. Encryption makes it authentic, so its shape only tells versions of the program apart. */
const Sealed = z.tuple([
  z.literal(1),
  z.string(),
  z.string(),
  z.string().nullable(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.int(),
])

type Begin = Pick<Journey, 'providerId' | 'purpose' | 'returnTo' | 'codeChallenge'>

/** A new journey, with its state, nonce and PKCE verifier for the provider. @param nowMs the database's time */
export function beginJourney(secrets: Secrets, begin: Begin, nowMs: number): Binding {
  const [nonce, pkceVerifier] = [newRandom(), newRandom()]
  const expiresAt = Math.floor(nowMs / 1_000) + stateTtlSeconds
  const state = seal(secrets, { ...begin, id: Bun.randomUUIDv7(), nonce, pkceVerifier, expiresAt })
  return { state, nonce, pkceVerifier }
}

/** 256 random bits. */
const newRandom = (): string => randomBytes(32).toString('base64url')

/**
 * The `state` of a journey: all of it, encrypted under DATA_KEY. Nothing is stored before somebody comes back, so nobody fills a
 * table by beginning (docs/decisions/state-is-sealed.md).
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

/** The journey of a state that this service made, expired or not; null for any other text. */
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
