import { type JWTPayload, SignJWT } from 'jose'
import { testSecrets } from './app.ts'

type Header = { alg?: string; [name: string]: unknown }

/** The claims of a token, unverified. */
export function claimsOf(token: string): JWTPayload {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** A token signed by an independent implementation with the secret, which an attacker does not have. */
export function mint(claims: JWTPayload, header: Header = {}, secret = testSecrets.JWT_SECRET): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
    .sign(new TextEncoder().encode(secret))
}

/** A token of the same session with an old `auth_time`, too old for routes that require a recent one. */
export function ofLongAgo(token: string): Promise<string> {
  const claims = claimsOf(token)
  return mint({ ...claims, auth_time: Number(claims.iat) - 602 })
}

/** A token of the same session with a second factor. */
export function ofTwoFactors(token: string): Promise<string> {
  return mint({ ...claimsOf(token), amr: ['pwd', 'otp'], acr: 'aal2' })
}

/** mint with a header that a signer would refuse to write. */
export function mintRaw(header: object | string, claims: object | string, secret = testSecrets.JWT_SECRET): string {
  const signed = [header, claims]
    .map((part) => encode(typeof part === 'string' ? part : JSON.stringify(part)))
    .join('.')
  return `${signed}.${new Bun.CryptoHasher('sha256', secret).update(signed).digest('base64url')}`
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
