import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Challenge } from './challenges.ts'
import type { AssertionResponse, NewPasskeyResponse } from './schemas.ts'
import type { RelyingParty } from './variables.ts'

/** Loaded at first use, to save time and memory at start. */
export const library = () => import('@simplewebauthn/server')
const helpers = () => import('@simplewebauthn/server/helpers')

/** Why a response is refused; only for the log. */
export type Refused = { refused: string }

/** What the authenticator data says at each use. */
type State = {
  /** The signature counter; always 0 where the authenticator has none. */
  signCount: number
  /** The BE flag: whether the key may be copied to other devices; never changes. */
  backupEligible: boolean
  /** The BS flag: whether it is backed up now. */
  backedUp: boolean
}
type VerifiedCredential = State & { credentialId: Uint8Array; publicKey: Uint8Array }

/**
 * Verifies a registration (WebAuthn Level 3, 7.1): challenge, origin, RP ID, user presence and user verification. Attestation is not
 * requested (`attestation: "none"`) and only self attestation is accepted beside none: for others, certificate chains would have to be
 * verified, and revocation looked up on hosts that the certificates name.
 */
export async function verifyRegistration(
  { rpId, rpOrigins }: RelyingParty,
  challenge: Challenge,
  response: NewPasskeyResponse,
): Promise<VerifiedCredential | Refused> {
  try {
    const { verifyRegistrationResponse } = await library()
    const { decodeAttestationObject, isoBase64URL } = await helpers()
    const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject))
    const format = attestation.get('fmt')
    const isSelf = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined
    if (format !== 'none' && !isSelf) return { refused: `the attestation is ${format}` }
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge.text,
      expectedOrigin: [...rpOrigins],
      expectedRPID: rpId,
      requireUserVerification: true,
    })
    if (!verified) return { refused: 'the signature is not right' }
    const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo
    if (credential.id !== response.id) return { refused: 'the authenticator made another credential' }
    if (await isFramed(response)) return { refused: 'within a frame of another origin' }
    return {
      credentialId: isoBase64URL.toBuffer(credential.id),
      publicKey: credential.publicKey,
      signCount: credential.counter,
      backupEligible: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    }
  } catch (error) {
    return refusedBy(error)
  }
}

/**
 * Verifies an assertion (WebAuthn Level 3, 7.2) except for the signature counter. The caller checks that after the signature, so that a
 * forged response cannot report a copied passkey.
 */
export async function verifyAssertion(
  { rpId, rpOrigins }: RelyingParty,
  challenge: Challenge,
  response: AssertionResponse,
  publicKey: Buffer,
): Promise<State | Refused> {
  try {
    const { verifyAuthenticationResponse } = await library()
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: challenge.text,
      expectedOrigin: [...rpOrigins],
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: { id: response.id, publicKey: new Uint8Array(publicKey), counter: 0 },
    })
    if (!verified) return { refused: 'the signature is not right' }
    if (await isFramed(response)) return { refused: 'within a frame of another origin' }
    const { newCounter, credentialDeviceType, credentialBackedUp } = authenticationInfo
    return {
      signCount: newCounter,
      backupEligible: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    }
  } catch (error) {
    return refusedBy(error)
  }
}

/** Whether the page ran in a frame of another origin, which allows clickjacking (7.1 step 10, 7.2 step 13). */
async function isFramed({ response }: AssertionResponse | NewPasskeyResponse): Promise<boolean> {
  const { decodeClientDataJSON } = await helpers()
  return Boolean(decodeClientDataJSON(response.clientDataJSON).crossOrigin)
}

/** The library throws for every failed check, and its parsers throw for malformed bytes. */
function refusedBy(error: unknown): Refused {
  return { refused: String(error instanceof Error ? error.message : error).slice(0, 200) }
}
