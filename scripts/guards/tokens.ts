import type { Guard } from './guard.ts'

const jws = 'src/crypto/jws.ts'
const tokens = 'src/auth/tokens.ts'
const forgeries = ['auth/token-forgeries', 'auth/tokens']

/** Guards of access tokens (JWT-BCP, RFC 8725). */
export const tokenGuards: Guard[] = [
  {
    name: 'the algorithm is pinned',
    file: jws,
    from: 'header.alg === algorithm && ',
    to: '',
    tests: ['auth/token-forgeries', 'crypto/access-key-forgeries'],
  },
  { name: 'the type of a token', file: jws, from: 'header.typ === typ && ', to: '', tests: forgeries },
  {
    name: 'extensions that we would have to understand',
    file: jws,
    from: " && !('crit' in header) && !('b64' in header)",
    to: '',
    tests: ['auth/token-forgeries', 'crypto/access-key-forgeries'],
  },
  {
    name: 'the length of a token',
    file: jws,
    from: 'token.length > maxTokenLength || ',
    to: '',
    tests: ['auth/tokens', 'auth/token-forgeries'],
  },
  {
    name: 'the signature',
    file: jws,
    from: 'kind.keys.some((key) => isSame(Buffer.from(hmac(key, signed)), signature))',
    to: 'signature.length > 0 && signed',
    tests: ['auth/token-forgeries'],
  },
  {
    name: 'the one spelling of a signature by a key pair',
    file: 'src/crypto/access-signer.ts',
    from: " || signature.toString('base64url') !== parts.signature",
    to: '',
    tests: ['crypto/access-key-forgeries', 'crypto/access-keys', 'crypto/wycheproof'],
  },
  { name: 'the issuer', file: tokens, from: 'claims.iss === issuer &&', to: '', tests: forgeries },
  {
    name: 'the audience',
    file: tokens,
    from: '(claims.aud === audience || (Array.isArray(claims.aud) && claims.aud.includes(audience))) &&',
    to: '',
    tests: forgeries,
  },
  {
    name: 'the longest life of a token',
    file: tokens,
    from: 'claims.exp - claims.iat > maxAccessLifeSeconds || ',
    to: '',
    tests: forgeries,
  },
  {
    name: 'the expiry',
    file: tokens,
    from: "return claims.exp <= nowSeconds ? 'token-expired' : claims",
    to: 'return claims',
    tests: forgeries,
  },
  { name: 'not before', file: tokens, from: ' || claims.nbf > nowSeconds + leewaySeconds', to: '', tests: forgeries },
  {
    name: 'the scheme is Bearer alone',
    file: 'src/auth/bearer.ts',
    from: ' || !bearerScheme.test(authorization)',
    to: '',
    tests: ['auth/tokens', 'auth/token-forgeries'],
  },
  {
    name: 'a revoked session, an account that was locked',
    file: 'src/auth/bearer.ts',
    from: "if (typeof verdict === 'string') context.refused = new AppError(verdict)\n  else context.principal = principalOf(claims, verdict,",
    to: "context.principal = principalOf(claims, typeof verdict === 'string' ? undefined : verdict,",
    tests: ['auth/sessions', 'changes/recent-changes'],
  },
]
