import { z } from 'zod'
import { bounded, boundedList, PersonName, Uuid } from '../http/input/fields.ts'

/** Bytes as WebAuthn's JSON writes them: base64url without padding. */
const Bytes = (maxCharacters: number) =>
  bounded(maxCharacters, `Send at most ${maxCharacters} characters.`)
    .regex(/^[A-Za-z0-9_-]+$/, 'Send base64url without padding, as toJSON() of a PublicKeyCredential does.')
    .meta({ pattern: '^[A-Za-z0-9_-]+$' })

/** Any string up to the bound: one that was not issued here is answered `invalid-passkey`. */
const ChallengeToken = z.string().max(65_536).meta({ description: 'The challengeToken that came with the options.' })

/** At most 1,023 bytes (WebAuthn Level 3, 4 "Credential ID"). */
const CredentialId = () => Bytes(1_364)
const transports = () => boundedList(bounded(32, 'A transport has at most 32 characters.'), 10)
/** Unknown members are ignored: new versions of browsers add some. */
const shared = () => ({
  id: CredentialId(),
  rawId: CredentialId(),
  type: z.literal('public-key'),
  authenticatorAttachment: bounded(32, 'This has at most 32 characters.').nullish(),
})

export const AssertionResponse = z.lazy(() =>
  z
    .object({
      ...shared(),
      response: z.object({
        clientDataJSON: Bytes(16_384),
        authenticatorData: Bytes(16_384),
        signature: Bytes(16_384),
        userHandle: bounded(88, 'A user handle has at most 64 bytes.')
          .regex(/^[A-Za-z0-9_-]*$/, 'Send base64url without padding.')
          .nullish(),
      }),
    })
    .meta({
      ref: 'PasskeyAssertion',
      description: 'AuthenticationResponseJSON of WebAuthn: what navigator.credentials.get() gives, by its toJSON().',
    }),
)
export type AssertionResponse = z.infer<typeof AssertionResponse>

/** A response to request options of this service; also the member `passkey` of the second step and of reauthentication. */
export const PasskeyResponse = z.lazy(() =>
  z.strictObject({ challengeToken: ChallengeToken, response: AssertionResponse }).meta({ ref: 'PasskeyResponse' }),
)
export type PasskeyResponse = z.infer<typeof PasskeyResponse>

export const NewPasskeyResponse = z.lazy(() =>
  z
    .object({
      ...shared(),
      response: z.object({
        clientDataJSON: Bytes(16_384),
        attestationObject: Bytes(49_152),
        transports: transports().nullish(),
      }),
    })
    .meta({
      ref: 'PasskeyRegistration',
      description: 'RegistrationResponseJSON of WebAuthn: what navigator.credentials.create() gives, by its toJSON().',
    }),
)
export type NewPasskeyResponse = z.infer<typeof NewPasskeyResponse>

export const NewPasskey = z.lazy(() =>
  z
    .strictObject({ challengeToken: ChallengeToken, response: NewPasskeyResponse, name: PersonName })
    .meta({ ref: 'NewPasskey' }),
)
export type NewPasskey = z.infer<typeof NewPasskey>

export const PasskeyPath = z.lazy(() => z.strictObject({ id: Uuid }))
export const PasskeyPatch = z.lazy(() => z.strictObject({ name: PersonName.optional() }).meta({ ref: 'PasskeyPatch' }))
export type PasskeyPatch = z.infer<typeof PasskeyPatch>

export const PasskeyBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      name: z.string(),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime().nullable(),
      backedUp: z.boolean().meta({ description: 'Whether it was on more than one device when it was used last.' }),
    })
    .meta({ ref: 'Passkey' }),
)

const Descriptors = z.lazy(() =>
  z.array(z.object({ id: z.string(), type: z.literal('public-key'), transports: z.array(z.string()).optional() })),
)
const Milliseconds = z.int().min(0).max(600_000)

export const RequestOptions = z.lazy(() =>
  z
    .object({
      challengeToken: z.string(),
      options: z
        .object({
          challenge: z.string(),
          rpId: z.string(),
          timeout: Milliseconds,
          userVerification: z.literal('required'),
          allowCredentials: Descriptors.optional(),
        })
        .meta({ description: 'PublicKeyCredentialRequestOptionsJSON of WebAuthn.' }),
    })
    .meta({ ref: 'PasskeyRequestOptions' }),
)
export type RequestOptions = z.infer<typeof RequestOptions>

export const CreationOptions = z.lazy(() =>
  z
    .object({
      challengeToken: z.string(),
      options: z
        .object({
          challenge: z.string(),
          rp: z.object({ id: z.string(), name: z.string() }),
          user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
          pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int().min(-65_535).max(65_535) })),
          timeout: Milliseconds,
          attestation: z.literal('none'),
          excludeCredentials: Descriptors,
          authenticatorSelection: z.object({
            residentKey: z.literal('required'),
            requireResidentKey: z.literal(true),
            userVerification: z.literal('required'),
          }),
        })
        .meta({ description: 'PublicKeyCredentialCreationOptionsJSON of WebAuthn.' }),
    })
    .meta({ ref: 'PasskeyCreationOptions' }),
)
export type CreationOptions = z.infer<typeof CreationOptions>
