import type { PasskeyCreationOptions, PasskeyRequestOptions } from '@manas360/client'

/** Whether this browser supports passkeys on this page, which requires https or localhost. */
export const hasPasskeys = 'PublicKeyCredential' in globalThis && 'parseRequestOptionsFromJSON' in PublicKeyCredential

/** The browser returned no passkey: there is none for this site, or the person cancelled. */
export class NoPasskeyError extends Error {}

/** The passkey's response to the service's options, in the form that the service expects. */
export async function answerOf({ challengeToken, options }: PasskeyRequestOptions) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const credential = await got(navigator.credentials.get({ publicKey }))
  return { challengeToken, response: credential.toJSON() as AuthenticationResponse }
}

/** A new passkey, in the form that the service expects. */
export async function newPasskey({ challengeToken, options }: PasskeyCreationOptions) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const credential = await got(navigator.credentials.create({ publicKey }))
  return { challengeToken, response: credential.toJSON() as RegistrationResponse }
}

type Shared = { id: string; rawId: string; type: 'public-key' }
type AuthenticationResponse = Shared & {
  response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle?: string | null }
}
type RegistrationResponse = Shared & {
  response: { clientDataJSON: string; attestationObject: string; transports?: string[] | null }
}

async function got(asked: Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await asked.catch((cause: unknown) => {
    throw new NoPasskeyError('no passkey', { cause })
  })
  if (!(credential instanceof PublicKeyCredential)) throw new NoPasskeyError('no passkey')
  return credential
}
