import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { brandName } from '../brand/variables.ts'
import type { returnUrlsConfiguration } from '../config/return-urls.ts'
import { isLoopback } from '../config/return-urls.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import type { InstanceVariables } from '../config/variables.ts'

/**
 * For which addresses a provider's `email_verified` adds the identity to an existing account: none (false), all (true), those of these
 * domains, or `google`: gmail.com and the hosted domain (`hd`).
 */
type TrustedEmail = boolean | readonly string[] | 'google'

/** A provider of OpenID Connect that people may sign in with. */
export type IdentityProvider = {
  /** In paths: `/v1/auth/oidc/{id}/start`. */
  id: string
  displayName: string
  issuer: string
  clientId: string
  /** Null: a public client (RFC 6749 2.1), which PKCE protects. */
  clientSecret: string | null
  trustEmail: TrustedEmail
}

const maxProviders = 20
const maxFileBytes = 262_144

const shared = () => ({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must have small letters, digits and hyphens, a letter first'),
  displayName: brandName,
  clientId: z.string().min(1).max(255),
  clientSecret: z.string().min(1).max(2_000).nullable().default(null),
})
const domain = () => z.string().regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a domain in small letters')
const trustEmail = () => z.union([z.boolean(), z.array(domain()).min(1).max(100)])

const Google = z.lazy(() =>
  z.strictObject({
    ...shared(),
    preset: z.literal('google'),
    id: shared().id.default('google'),
    displayName: shared().displayName.default('Google'),
    trustEmail: trustEmail().optional(),
  }),
)
const Microsoft = z.lazy(() =>
  z.strictObject({
    ...shared(),
    preset: z.literal('microsoft'),
    id: shared().id.default('microsoft'),
    displayName: shared().displayName.default('Microsoft'),
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9.-]{1,100}$/, 'must be common, organizations, consumers, or the id or a domain of a tenant')
      .default('common'),
    trustEmail: z.literal(false, 'must be false: whoever administers a tenant writes any address').default(false),
  }),
)
const Standard = z.lazy(() =>
  z.strictObject({
    ...shared(),
    issuer: z
      .string()
      .max(500)
      .refine(isIssuer, 'must be an https URL without query and fragment, as its discovery says'),
    trustEmail: trustEmail().default(false),
  }),
)

/** Whether a text is an issuer (OpenID Connect Discovery 3); plain http only for a loopback address. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  return username + password === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)))
}

/** Issuers whose tenant administrators can set any address for their users ("nOAuth"). */
const isMicrosoft = (issuer: string) =>
  /(?:^|\.)(?:microsoftonline\.com|windows\.net|b2clogin\.com|ciamlogin\.com)$/.test(new URL(issuer).hostname)

/** `OIDC_PROVIDERS`: a JSON list, or `file:PATH` of one. Messages contain no values, because some are secrets. */
export const identityProviders = z
  .string()
  .default('[]')
  .transform((text, { addIssue }): readonly IdentityProvider[] => {
    try {
      return parseProviders(text.startsWith('file:') ? readList(text.slice('file:'.length)) : text)
    } catch (error) {
      addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
      return z.NEVER
    }
  })

function readList(path: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Error(`must name a file that can be read (${code})`)
  }
  if (bytes.length > maxFileBytes) throw new Error(`must name a file of at most ${maxFileBytes} bytes`)
  return bytes.toString('utf8')
}

/** Parses a JSON list of providers. @throws Error that names the fault, without values */
function parseProviders(json: string): IdentityProvider[] {
  let list: unknown
  try {
    list = JSON.parse(json)
  } catch {
    throw new Error('must be a list of providers as JSON, or file:PATH')
  }
  if (!Array.isArray(list) || list.length > maxProviders)
    throw new Error(`must be a list of at most ${maxProviders} providers`)
  const providers = list.map(parseProvider)
  const ids = new Set(providers.map(({ id }) => id))
  if (ids.size < providers.length) throw new Error('must give each provider an id of its own')
  return providers
}

function parseProvider(entry: unknown, index: number): IdentityProvider {
  const { preset } = (entry ?? {}) as { preset?: unknown }
  const schema = preset === 'google' ? Google : preset === 'microsoft' ? Microsoft : Standard
  const { data, error } = schema.safeParse(entry, { jitless: true })
  if (!data) throw new Error(error.issues.map((issue) => describeIssue(issue, index)).join('; '))
  const { id, displayName, clientId, clientSecret } = data
  const known = { id, displayName, clientId, clientSecret }
  if (!('preset' in data)) {
    if (data.trustEmail !== false && isMicrosoft(data.issuer))
      throw new Error(`[${index}].trustEmail must be false: whoever administers a tenant writes any address`)
    return { ...known, issuer: data.issuer, trustEmail: data.trustEmail }
  }
  if (data.preset === 'microsoft')
    return { ...known, issuer: `https://login.microsoftonline.com/${data.tenant}/v2.0`, trustEmail: false }
  return { ...known, issuer: 'https://accounts.google.com', trustEmail: data.trustEmail ?? 'google' }
}

function describeIssue(issue: z.core.$ZodIssue, index: number): string {
  if (issue.code === 'unrecognized_keys')
    return `[${index}] must not have ${issue.keys.map((key) => key.slice(0, 40)).join(', ')}`
  const path = [`[${index}]`, ...issue.path.map(String)].join('.')
  return `${path} ${issue.message.startsWith('must') ? issue.message : 'is missing, or such as no provider has: see docs/sign-in.md; must be set right'}`
}

type Variables = { OIDC_PROVIDERS: readonly IdentityProvider[] } & Values<
  (typeof returnUrlsConfiguration)['variables']
> &
  Pick<InstanceVariables, 'NODE_ENV'>

export type SsoConfig = ConfigOf<typeof ssoConfiguration>

export const ssoConfiguration = configuration({
  variables: { OIDC_PROVIDERS: identityProviders },
  config: (e: Variables) => ({
    /** The configured providers, in the order in which they are shown. */
    identityProviders: e.OIDC_PROVIDERS,
  }),
  check({ OIDC_PROVIDERS = [], RETURN_URLS, NODE_ENV }) {
    const problems: string[] = []
    if (OIDC_PROVIDERS.length > 0 && RETURN_URLS?.length === 0)
      problems.push('RETURN_URLS: must say where people come back to from the OIDC_PROVIDERS')
    if (NODE_ENV === 'production' && OIDC_PROVIDERS.some(({ issuer }) => !issuer.startsWith('https:')))
      problems.push('OIDC_PROVIDERS: must have issuers that begin with https:// in production')
    return problems
  },
})
