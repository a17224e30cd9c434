import { afterAll } from 'bun:test'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

/** The people who can sign in at the provider, by login hint. */
export type Person = {
  email?: string
  email_verified?: boolean
  given_name?: string
  family_name?: string
  locale?: string
}

export type TestProvider = Awaited<ReturnType<typeof openIdentityProvider>>

const clientSecret = 'a-client-secret-of-the-tests-0123456789'

/**
 * A certified OpenID provider on loopback, in this process. Its pages answer by themselves: the person of `login_hint`
 * signs in and consents; without one the request is refused. Claims of the scopes are in UserInfo only, as the standard
 * says.
 */
export async function openIdentityProvider(redirectUris: string[], people: Record<string, Person>) {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('the provider has no port')
  const issuer = `http://127.0.0.1:${address.port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'manas',
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['given_name', 'family_name', 'locale'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['test'] },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, id: string) =>
      Object.hasOwn(people, id) ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined,
    renderError: (ctx: { type: string; body: unknown }, out: unknown) => {
      ctx.type = 'json'
      ctx.body = out
    },
  })
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next()
    const { params, session } = await provider.interactionDetails(ctx.req, ctx.res)
    const accountId = session?.accountId ?? params.login_hint ?? ''
    const grant = new provider.Grant({ accountId, clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    const result = Object.hasOwn(people, accountId)
      ? { login: { accountId }, consent: { grantId: await grant.save() } }
      : { error: 'access_denied', error_description: 'nobody of that name' }
    const to = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false })
    ctx.status = 303
    ctx.redirect(to)
  })
  server.on('request', provider.callback())
  afterAll(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return { issuer, clientId: 'manas', clientSecret, people }
}

/**
 * A browser's part of an authorisation: keeps cookies and follows redirects until it returns to this service.
 * @returns the URL of the callback
 */
export async function browse(authorizationUrl: string, person: string): Promise<URL> {
  const start = new URL(authorizationUrl)
  start.searchParams.set('login_hint', person)
  const cookies = new Map<string, string>()
  for (let url = start, hops = 0; hops < 12; hops++) {
    if (url.pathname.endsWith('/callback') && url.pathname.startsWith('/v1/')) return url
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const to = answer.headers.get('location')
    if (to === null) throw new Error(`${url.pathname}: ${answer.status} ${await answer.text()}`)
    url = new URL(to, url)
  }
  throw new Error('too many redirects')
}
