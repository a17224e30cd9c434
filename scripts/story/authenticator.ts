import { Secret, TOTP } from 'otpauth'

/**
 * The code of an authenticator app now, or some steps of 30 s ahead. @param secret in base 32 @throws TypeError for
 * another text
 */
export function codeOf(secret: string, stepsAhead = 0): string {
  const totp = new TOTP({ algorithm: 'SHA1', digits: 6, period: 30, secret: Secret.fromBase32(secret) })
  return totp.generate({ timestamp: Date.now() + stepsAhead * 30_000 })
}
