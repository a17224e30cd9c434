import { z } from 'zod'

/** Any string up to the bound: the service refuses one that is not configured. */
const ReturnTo = z
  .string()
  .max(500)
  .meta({ description: 'One of RETURN_URLS, letter by letter.', examples: ['com.example.app:/signed-in'] })
const CodeChallenge = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'Send BASE64URL(SHA256(codeVerifier)): 43 characters (RFC 7636).')
  .meta({ description: 'S256, RFC 7636 4.2.', examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'] })

export const ProviderPath = z.lazy(() => z.strictObject({ provider: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/) }))

export const StartQuery = z.lazy(() => z.strictObject({ returnTo: ReturnTo, codeChallenge: CodeChallenge }))

export const LinkStart = z.lazy(() => StartQuery.unwrap().meta({ ref: 'LinkStart' }))

export const Exchange = z.lazy(() =>
  z
    .strictObject({
      code: z.string().max(1_024).meta({ description: 'Of the fragment that the callback returned with.' }),
      codeVerifier: z
        .string()
        .regex(/^[A-Za-z0-9._~-]{43,128}$/, 'Send the verifier whose challenge began: 43 to 128 characters (RFC 7636).')
        .meta({ examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'] }),
    })
    .meta({ ref: 'CodeExchange' }),
)
export type Exchange = z.infer<typeof Exchange>

export const ProviderItem = z.lazy(() =>
  z.object({ id: z.string(), displayName: z.string() }).meta({ ref: 'IdentityProvider' }),
)

export const AuthorizationUrl = z.lazy(() =>
  z
    .object({
      authorizationUrl: z.string().meta({ description: 'Where to send the person; good for 10 minutes, once.' }),
    })
    .meta({ ref: 'AuthorizationUrl' }),
)

export const IdentityBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      provider: z.string(),
      displayName: z.string(),
      email: z.string().nullable().meta({ description: 'As the provider said when it was added.' }),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime().nullable(),
    })
    .meta({ ref: 'Identity' }),
)
