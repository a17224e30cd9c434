import { afterAll } from 'bun:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'

type Claims = Record<string, unknown>

/** The differences of the provider's next answers from correct ones. */
type Lies = {
  /** Members that replace the correct claims of an ID token; undefined removes one. */
  claims?: Claims
  /** The token to send, instead of the correct one. */
  idToken?: (honest: Claims) => Promise<string> | string
  /** Further members of the token response. */
  more?: object
  /** Compresses the token response. */
  gzip?: boolean
  /** Replaces the whole answer of an endpoint, by its path. */
  answers?: Record<string, () => Response | Promise<Response>>
}

/**
 * A small OpenID provider on loopback that answers as a test configures it. It has no pages: a code is the `nonce` of
 * its ID token.
 */
export async function openLyingProvider() {
  const keys = await generateKeyPair('ES256', { extractable: true })
  const others = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  const lies: Lies = {}
  /** The number of requests by path. */
  const asked = new Map<string, number>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request): Promise<Response> {
      const { pathname } = new URL(request.url)
      asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
      const lie = lies.answers?.[pathname]
      if (lie) return lie()
      if (pathname === '/.well-known/openid-configuration') return Response.json(metadata)
      if (pathname === '/keys') return Response.json({ keys: [jwk] })
      // /other-token is the target of a redirect that must not be followed.
      if (pathname === '/token' || pathname === '/other-token')
        return answered(await tokens(new URLSearchParams(await request.text())))
      return new Response(null, { status: 404 })
    },
  })
  afterAll(() => server.stop(true))
  const issuer: string = `http://127.0.0.1:${server.port}`
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  }

  async function tokens(form: URLSearchParams): Promise<object> {
    const now = Math.floor(Date.now() / 1000)
    const honest: Claims = {
      iss: issuer,
      aud: 'manas',
      sub: 'somebody',
      nonce: form.get('code'),
      iat: now,
      exp: now + 300,
      email: 'somebody@provider.example',
      email_verified: true,
      ...lies.claims,
    }
    const idToken = await (lies.idToken?.(honest) ?? signed(honest))
    return { access_token: 'x', token_type: 'Bearer', expires_in: 60, id_token: idToken, ...lies.more }
  }

  function answered(body: object): Response {
    if (!lies.gzip) return Response.json(body)
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }
    return new Response(Bun.gzipSync(JSON.stringify(body)), { headers })
  }

  const signed = (claims: Claims, key = keys.privateKey) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(key)

  return {
    issuer,
    metadata,
    lies,
    asked: (path: string): number => asked.get(path) ?? 0,
    /** Answers correctly again. */
    behave(): void {
      for (const lie of Object.keys(lies)) delete lies[lie as keyof Lies]
    },
    /** A token signed by a key that is not the provider's. */
    forged: (claims: Claims): Promise<string> => signed(claims, others.privateKey),
    unsigned: (claims: Claims): string => new UnsecuredJWT(claims).encode(),
    /** The URL of the callback, from the authorisation URL. */
    back(authorizationUrl: string, more: Record<string, string> = {}): URL {
      const { searchParams } = new URL(authorizationUrl)
      const url = new URL(searchParams.get('redirect_uri') ?? '')
      const answer = {
        code: searchParams.get('nonce') ?? '',
        state: searchParams.get('state') ?? '',
        iss: issuer,
        ...more,
      }
      for (const [name, value] of Object.entries(answer)) if (value !== '') url.searchParams.set(name, value)
      return url
    },
  }
}
