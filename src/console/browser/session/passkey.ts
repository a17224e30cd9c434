import type { PasskeyCreationOptions, PasskeyRequestOptions } from '@manas360/client'

/** Whether this browser has passkeys here: it wants https, or localhost. */
export const hasPasskeys = 'PublicKeyCredential' in globalThis && 'parseRequestOptionsFromJSON' in PublicKeyCredential

/** The browser did not get a passkey: there is none for this site, or the person closed its window. */
export class NoPasskey extends Error {}

/** What a passkey answers to the service's options, as the service takes it. */
export async function answerOf({ challengeToken, options }: PasskeyRequestOptions) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const credential = await got(navigator.credentials.get({ publicKey }))
  return { challengeToken, response: credential.toJSON() as AuthenticationResponse }
}

/** A new passkey, as the service takes it. */
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
    throw new NoPasskey('no passkey', { cause })
  })
  if (!(credential instanceof PublicKeyCredential)) throw new NoPasskey('no passkey')
  return credential
}
