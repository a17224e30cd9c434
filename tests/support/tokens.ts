import { type JWTPayload, SignJWT } from 'jose'
import { testSecrets } from './app.ts'

type Header = { alg?: string; [name: string]: unknown }

/** The claims of a token, unverified. */
export function claimsOf(token: string): JWTPayload {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** A token signed by an independent implementation; it knows the secret, as an attacker may not. */
export function mint(claims: JWTPayload, header: Header = {}, secret = testSecrets.JWT_SECRET): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
    .sign(new TextEncoder().encode(secret))
}

/** The token of the same session whose person showed who they are too long ago for what wants it recent. */
export function ofLongAgo(token: string): Promise<string> {
  const claims = claimsOf(token)
  return mint({ ...claims, auth_time: Number(claims.iat) - 602 })
}

/** The token of the same session as if a second factor had been shown, too. */
export function ofTwoFactors(token: string): Promise<string> {
  return mint({ ...claimsOf(token), amr: ['pwd', 'otp'], acr: 'aal2' })
}

/** The same with a header that a signer would refuse to write. */
export function mintRaw(header: object | string, claims: object | string, secret = testSecrets.JWT_SECRET): string {
  const signed = [header, claims]
    .map((part) => encode(typeof part === 'string' ? part : JSON.stringify(part)))
    .join('.')
  return `${signed}.${new Bun.CryptoHasher('sha256', secret).update(signed).digest('base64url')}`
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
