import { createLink } from '../../src/account-links/links.ts'
import { type ProblemCode, problems } from '../../src/errors/app-error.ts'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { givenApiKey } from '../support/api-keys.ts'
import type { openTestApp, TestApp } from '../support/app.ts'
import type { TestProvider } from '../support/identity-provider.ts'
import { returnTo, withProviders } from '../support/journeys.ts'
import { givenPasskey, signInOptions, storedPasskey } from '../support/passkeys.ts'
import { secondFactorSteps } from '../support/second-factors.ts'
import type { ActorName } from './attempts.ts'
import type { Known } from './schema-values.ts'

/** Everything that can be on without asking a foreign host. */
export function fuzzedEnvironment({ issuer, clientId, clientSecret }: TestProvider): Parameters<typeof openTestApp>[0] {
  return {
    ...withProviders({ id: 'clinic', displayName: 'Clinic', issuer, clientId, clientSecret }),
    CONSENT_DOCUMENTS: 'terms@1,newsletter@2',
    BILLING_PROVIDERS: 'sandbox',
    ALLOWED_ORIGINS: 'https://app.example',
    TRUSTED_PROXIES: '127.0.0.0/8',
    RP_ID: 'localhost',
    RP_ORIGINS: 'http://localhost:3000',
  }
}

export type World = {
  bearers: Record<ActorName, string | undefined>
  personId: string
  known: Known
  secrets: string[]
}

const never = 'A'.repeat(43)
/** A token that nobody signed, well formed. */
const forged = `eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.${btoa('{"sub":"x","role":"superadmin","lvl":100}').replaceAll('=', '')}.${never}`

/** People and things for a while, all made afresh: what an earlier attempt did to its own is over then. */
export async function givenWorld(app: TestApp): Promise<World> {
  const { sql } = app
  const admin = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
  const person = await givenAccount(app, { role: 'user', plan: 'business' })
  const others = await Promise.all([0, 1, 2].map(() => givenAccount(app)))
  const sessions = [await logIn(app, admin), await logIn(app, person), await logIn(app, others[0] ?? person)]
  const [ofAdmin, ofPerson, ofOther] = sessions
  const keys = await Promise.all([admin, person].map(({ id }) => givenApiKey(app, id, { permissions: [] })))
  const permissions = [...app.deps.catalogue.current.permissions.keys()]
  const { key, id: keyId } = await givenApiKey(app, admin.id, { permissions })
  const passkeys = [await storedPasskey(app, person.id)]
  const kinds = ['reset-password', 'verify-email'] as const
  const ofLink = others[1] ?? person
  const made = await Promise.all(
    kinds.map((kind) => createLink(sql, { accountId: ofLink.id, kind, email: ofLink.email })),
  )
  const links = made.map((token) => token ?? never)
  const steps = secondFactorSteps(app)
  const enrolled = await steps.enrolled()
  const mfaToken = await steps.firstStep(enrolled)
  app.clock.stoppedAt = null
  const { passkey } = await givenPasskey(app, { bearer: (await registered(app)).accessToken })
  const { challengeToken, options } = await signInOptions(app)
  const rows = await sql<{ id: string }[]>`select id from sessions order by id desc limit 6`
  const mails = await sql<{ id: string }[]>`select id from mail_outbox order by id desc limit 3`
  const catalogue = app.deps.catalogue.current
  const emails = [admin, person, ...others].map(({ email }) => email)
  const roles = [...catalogue.roles.keys()]
  const plans = [...catalogue.plans.keys()]
  const features = [...catalogue.features.keys()]
  const known: Known = {
    users: [...others, person, admin].map(({ id }) => id),
    sessions: rows.map(({ id }) => id),
    'api-keys': [...keys.map(({ id }) => id), keyId],
    passkeys,
    mail: mails.map(({ id }) => id),
    roles,
    role: roles,
    plans,
    plan: plans,
    features,
    feature: features,
    entitlements: features,
    oidc: ['clinic', 'google'],
    identities: ['clinic', Bun.randomUUIDv7()],
    webhooks: ['sandbox', 'stripe', 'manual'],
    provider: ['sandbox', 'stripe'],
    problems: Object.keys(problems) as ProblemCode[],
    permissions,
    permission: permissions,
    email: [...emails, newEmail()],
    newEmail: [newEmail(), ...emails],
    password: [goodPassword, 'not the right one'],
    currentPassword: [goodPassword, 'not the right one'],
    newPassword: ['umbrella ceramic walnut drizzle', goodPassword, 'short'],
    refreshToken: sessions.map(({ refreshToken }) => refreshToken),
    token: [...links, never],
    challengeToken: [challengeToken, never],
    response: [passkey.get(options)],
    mfaToken: [mfaToken, never],
    code: [...enrolled.recoveryCodes, '123456'],
    codeVerifier: [never],
    codeChallenge: [never],
    returnTo: [returnTo, 'https://evil.example/'],
    q: ['asha', '%', '_', '@', emails[1]],
    from: ['2026-01-01', '2026-11-01T00:00:00Z'],
    to: ['2026-12-31', '2026-11-30T00:00:00Z'],
    since: ['0', '1', 'x'],
    document: ['terms', 'newsletter'],
    version: ['1', '2'],
    expiresAt: ['2099-01-01T00:00:00Z', null],
    endsAt: ['2099-01-01T00:00:00Z', null],
    format: ['json', 'csv', 'ndjson'],
    timezone: ['Asia/Kolkata'],
    language: ['hi-IN'],
    phoneNumber: ['+14155550100'],
    ipRanges: [['127.0.0.0/8'], null],
    reason: ['asked for on the telephone'],
    name: ['made_here', `x${Bun.randomUUIDv7().replaceAll('-', '')}`, ...features.slice(0, 3)],
  }
  const bearers = {
    nobody: undefined,
    user: ofPerson?.accessToken,
    superadmin: ofAdmin?.accessToken,
    key,
    forger: forged,
  }
  // What no answer may quote, to whomever: the other person's credentials, who asks for nothing here.
  const secrets = [ofOther?.refreshToken ?? '', ofOther?.accessToken ?? '', key.slice(12), ...links]
  return { bearers, personId: person.id, known, secrets }
}
