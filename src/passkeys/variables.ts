import { z } from 'zod'
import { requireOrigin } from '../addresses/origin.ts'
import { refuseWhatThrows } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import { type InstanceVariables, publicUrlOf } from '../config/variables.ts'
import type { MailVariables } from '../mail/variables.ts'

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'

/** A domain in the form in which browsers compare it; IP addresses are refused. */
const rpId = z
  .string()
  .max(253, 'must have at most 253 characters')
  .regex(
    new RegExp(`^(?:${label}\\.)*(?!\\d+$)${label}$`),
    'must be a domain such as example.com: lower case, without scheme, port and path, and no IP address',
  )

const maxOrigins = 100
/** The origin of an Android app: the SHA-256 of its signing certificate, in base64url. */
const androidApp = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/

const rpOrigins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .superRefine((list, context) => {
    if (list.length > maxOrigins)
      context.addIssue({ code: 'custom', message: `must have at most ${maxOrigins} entries` })
    const pages = list.filter((origin) => !androidApp.test(origin))
    refuseWhatThrows(() => pages.forEach(requireOrigin), context)
  })

const variables = { RP_ID: rpId.optional(), RP_ORIGINS: rpOrigins.optional() }

type E = Values<typeof variables> &
  Pick<InstanceVariables, 'PUBLIC_URL' | 'PORT'> &
  Pick<MailVariables, 'APP_URL'> & { ALLOWED_ORIGINS: string[] }
/** The relying party of WebAuthn. */
export type RelyingParty = ConfigOf<typeof passkeyConfiguration>

export const passkeyConfiguration = configuration({
  variables,
  config(e: E) {
    const publicUrl = publicUrlOf(e)
    const appUrl = e.APP_URL ?? publicUrl
    const own = new Set([...e.ALLOWED_ORIGINS, new URL(publicUrl).origin, new URL(appUrl).origin])
    return {
      /** The domain that passkeys are bound to. */
      rpId: e.RP_ID ?? new URL(appUrl).hostname,
      /** The web pages and apps that may use them. */
      rpOrigins: e.RP_ORIGINS ?? [...own],
    }
  },
})
