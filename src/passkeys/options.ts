import type { AuthenticatorTransport } from '@simplewebauthn/server'
import type { Principal } from '../access/principal.ts'
import { requireOwnFactor } from '../access/strength.ts'
import { sessionOf } from '../auth/sessions.ts'
import { AppError } from '../errors/app-error.ts'
import { userHandleOf } from './assertion.ts'
import type { ChallengeBinding } from './challenges.ts'
import type { PasskeyDeps } from './deps.ts'
import { type Descriptor, findOwner, listDescriptors } from './queries.ts'
import type { CreationOptions, RequestOptions } from './schemas.ts'
import { library } from './webauthn.ts'

/** `timeout` of the options in milliseconds: as long as the challenge is valid. */
const timeout = 300_000

type OptionsDeps = Pick<PasskeyDeps, 'sql' | 'passkeys' | 'config'>

/**
 * Options for `navigator.credentials.get()`, and the token that the client sends back with the response. Nothing is written. Where the
 * account is known, `allowCredentials` lists its passkeys; without it any discoverable passkey of this service can answer.
 */
export async function passkeyRequestOptions(deps: OptionsDeps, binding: ChallengeBinding): Promise<RequestOptions> {
  const { challenge, challengeToken } = deps.passkeys.challenges.issue(binding)
  const own = binding.purpose === 'sign-in' ? null : await listDescriptors(deps.sql, binding.accountId)
  const allowCredentials = own?.map(toDescriptor)
  const { rpId } = deps.config
  const userVerification = 'required'
  const { generateAuthenticationOptions } = await library()
  const made = await generateAuthenticationOptions({
    rpID: rpId,
    challenge: new Uint8Array(challenge),
    timeout,
    userVerification,
    ...(allowCredentials && { allowCredentials }),
  })
  const options = { challenge: made.challenge, rpId, timeout, userVerification } as const
  return { challengeToken, options: { ...options, ...(allowCredentials && { allowCredentials }) } }
}

/** Binds the challenge of a new passkey to the account and the session. */
export function registrationBinding(principal: Principal): ChallengeBinding {
  return { purpose: 'register', accountId: principal.accountId, boundTo: sessionOf(principal) }
}

/**
 * Options for `navigator.credentials.create()`: a discoverable passkey with user verification, on an authenticator that has none of the
 * account yet. @throws AppError `account-disabled`, `mfa-required`
 */
export async function passkeyCreationOptions(deps: OptionsDeps, principal: Principal): Promise<CreationOptions> {
  const owner = await findOwner(deps.sql, principal.accountId)
  if (!owner) throw new AppError('account-disabled')
  requireOwnFactor(principal, owner.secondFactors)
  const { challenge, challengeToken } = deps.passkeys.challenges.issue(registrationBinding(principal))
  const { generateRegistrationOptions } = await library()
  const { rpId, brand } = deps.config
  const excludeCredentials = owner.credentials.map(toDescriptor)
  const made = await generateRegistrationOptions({
    rpName: brand.name,
    rpID: rpId,
    challenge: new Uint8Array(challenge),
    userID: new Uint8Array(Buffer.from(userHandleOf(principal.accountId), 'base64url')),
    userName: owner.email,
    userDisplayName: [owner.firstName, owner.lastName].filter(Boolean).join(' ') || owner.email,
    timeout,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials,
  })
  return {
    challengeToken,
    options: {
      challenge: made.challenge,
      rp: { id: rpId, name: brand.name },
      user: made.user,
      pubKeyCredParams: made.pubKeyCredParams.map(({ alg }) => ({ type: 'public-key' as const, alg })),
      timeout,
      attestation: 'none',
      excludeCredentials,
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    },
  }
}

function toDescriptor({ credentialId, transports }: Descriptor) {
  return {
    id: credentialId.toString('base64url'),
    type: 'public-key' as const,
    transports: transports as AuthenticatorTransport[],
  }
}
