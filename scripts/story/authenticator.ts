import { Secret, TOTP } from 'otpauth'

/** What an authenticator app shows now. @param secret in base 32 @throws TypeError for another text */
export function codeOf(secret: string): string {
  return new TOTP({ algorithm: 'SHA1', digits: 6, period: 30, secret: Secret.fromBase32(secret) }).generate()
}
