import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Challenge } from './challenges.ts'
import type { AssertionResponse, NewPasskeyResponse } from './schemas.ts'
import type { RelyingParty } from './variables.ts'

/** Loaded when the first passkey is asked for: most starts need none of it. */
export const library = () => import('@simplewebauthn/server')
const helpers = () => import('@simplewebauthn/server/helpers')

/** Why a response does not count; for the log alone. */
export type Refused = { refused: string }

/** What the authenticator says of itself at each use. */
type State = {
  /** How often it was used, by itself; 0 at each use where it does not count. */
  signCount: number
  /** Whether the key may be copied to other devices; never changes. */
  backupEligible: boolean
  /** Whether it was. */
  backedUp: boolean
}
export type VerifiedCredential = State & { credentialId: Uint8Array; publicKey: Uint8Array }

/**
 * Verifies a registration (WebAuthn Level 3, 7.1): challenge, origin, RP ID, user presence and user verification. Statements
 * about the authenticator's make are not asked for (`attestation: "none"`) and not accepted, but for a key's signature of itself:
 * their certificates would have to be read, and their revocation looked up on hosts that they name.
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
 * Verifies an assertion (WebAuthn Level 3, 7.2) but for the counter, which is judged where it is stored, and once the signature
 * was found right: whoever has no key raises no alarm about a copied one.
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

/** Whether a page of another origin holds ours in a frame: there nobody knows what they press (7.1 step 10, 7.2 step 13). */
async function isFramed({ response }: AssertionResponse | NewPasskeyResponse): Promise<boolean> {
  const { decodeClientDataJSON } = await helpers()
  return Boolean(decodeClientDataJSON(response.clientDataJSON).crossOrigin)
}

/** What the library finds wrong it throws, and so does what it is built of, for hostile bytes. */
function refusedBy(error: unknown): Refused {
  return { refused: String(error instanceof Error ? error.message : error).slice(0, 200) }
}
