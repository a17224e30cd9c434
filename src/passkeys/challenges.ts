import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * The purpose of a challenge. Its response is accepted for that alone: purpose, account and `boundTo` are covered by
 * the token's HMAC.
 */
export type ChallengeBinding =
  /** The account is not known yet: the passkey identifies it (discoverable credential). */
  | { purpose: 'sign-in' }
  | {
      purpose: 'register' | 'mfa' | 'reauthenticate'
      accountId: string
      /** The id of the session that asked, or of the `mfaToken`. */
      boundTo: string
    }

/** A challenge that this service issued and that has not expired. */
export type Challenge = {
  /** As the authenticator signs it: base64url of 32 random bytes. */
  text: string
  /** Epoch milliseconds, by the database's clock. */
  expiresAt: number
}

export type Challenges = ReturnType<typeof createChallenges>

const ttlMs = 300_000
const shape = /^([1-9]\d{12})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/

/**
 * Challenges of WebAuthn (Level 3, 13.4.3). Issuing one stores nothing, so requests cannot fill the database: the token beside it carries
 * its expiry and an HMAC-SHA-256 over all that it is bound to. The database keeps used challenges until they expire.
 * @param keys the first signs, all verify
 * @param now the database's time in epoch milliseconds
 */
export function createChallenges(keys: readonly [Uint8Array, ...Uint8Array[]], now: () => number) {
  const sign = (key: Uint8Array, text: string, expiresAt: string | number, binding: ChallengeBinding) => {
    const to = binding.purpose === 'sign-in' ? ['', ''] : [binding.accountId, binding.boundTo]
    const claims = ['passkey-challenge/v1', binding.purpose, ...to, expiresAt, text]
    return createHmac('sha256', key).update(claims.join('\n')).digest('base64url')
  }
  return {
    /** A new challenge, valid for 5 minutes, and the token that the client sends back with the response. */
    issue(binding: ChallengeBinding): { challenge: Buffer; challengeToken: string } {
      const challenge = randomBytes(32)
      const text = challenge.toString('base64url')
      const expiresAt = Math.floor(now()) + ttlMs
      return { challenge, challengeToken: `${expiresAt}.${text}.${sign(keys[0], text, expiresAt, binding)}` }
    },
    /** Null for a token that was issued for something else, or has expired. Whether it was used, the database decides. */
    read(token: string, binding: ChallengeBinding): Challenge | null {
      const [, expiresAt = '', text = '', signature = ''] = shape.exec(token) ?? []
      const isOurs = keys.some((key) => {
        const expected = sign(key, text, expiresAt, binding)
        // Compared as text: base64url decoding would ignore unused bits of the last character.
        return signature !== '' && timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
      })
      return isOurs && Number(expiresAt) > now() ? { text, expiresAt: Number(expiresAt) } : null
    },
  }
}
