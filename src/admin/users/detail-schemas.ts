import { z } from 'zod'
import { SessionItemSchema } from '../../auth/schemas.ts'
import { PaymentBody } from '../../billing/schemas.ts'
import { Uuid } from '../../http/input/fields.ts'
import { PasskeyBody } from '../../passkeys/schemas.ts'
import { IdentityBody } from '../../sso/schemas.ts'

export const SessionOfPath = z.lazy(() => z.strictObject({ id: Uuid, sid: Uuid }))

export const AdministeredSessionBody = z.lazy(() =>
  SessionItemSchema.unwrap()
    .omit({ ipAddress: true })
    .extend({
      network: z
        .string()
        .nullable()
        .meta({ description: 'Of the last use: /24 of IPv4, /48 of IPv6.', examples: ['203.0.113.0/24'] }),
      current: z.boolean().meta({ description: 'The session that asks.' }),
    })
    .meta({ ref: 'AdministeredSession' }),
)

export const AdministeredPaymentBody = z.lazy(() =>
  PaymentBody.unwrap().omit({ invoiceUrl: true }).meta({ ref: 'AdministeredPayment' }),
)

export const SignInMethodsBody = z.lazy(() =>
  z
    .object({
      password: z.boolean().meta({ description: 'Whether there is one.' }),
      totp: z.object({ enabled: z.boolean(), since: z.iso.datetime().nullable() }),
      recoveryCodesLeft: z.int().min(0).max(10),
      passkeys: z.array(PasskeyBody),
      identities: z.array(
        IdentityBody.unwrap().extend({
          email: z
            .string()
            .nullable()
            .meta({ description: 'Its first letter and its domain, as the provider said when it was added.' }),
        }),
      ),
    })
    .meta({ ref: 'SignInMethods' }),
)
