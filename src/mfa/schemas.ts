import { z } from 'zod'
import { PresentedPassword } from '../http/input/password.ts'
import { PasskeyResponse } from '../passkeys/schemas.ts'

/** Any text up to the bound: one that has not the form of a code is answered `invalid-code`, like a wrong one. */
export const Code = z
  .string()
  .min(1)
  .max(64)
  .meta({
    description: 'Six digits of the authenticator app, or a recovery code; spaces, hyphens and case do not count.',
    examples: ['123456', '7K2Q-0V9D-XN4T-5H8M-2R6P-3WJC'],
  })

const MfaToken = z.string().max(1_024).meta({ description: 'Of the answer 202 to the first factor.' })

export const SecondStep = z.lazy(() =>
  z
    .strictObject({ mfaToken: MfaToken, code: Code.optional(), passkey: PasskeyResponse.optional() })
    .refine(({ code, passkey }) => (code === undefined) !== (passkey === undefined), {
      error: 'Send one of code and passkey.',
    })
    .meta({ ref: 'SecondStep', oneOf: [{ required: ['code'] }, { required: ['passkey'] }] }),
)

export const MfaTokenOnly = z.lazy(() => z.strictObject({ mfaToken: MfaToken }).meta({ ref: 'MfaTokenOnly' }))

export const TotpCode = z.lazy(() => z.strictObject({ code: Code }).meta({ ref: 'TotpCode' }))

/** A secret in an answer, which is null when an Idempotency-Key replays that answer. */
const once = (description: string) =>
  z
    .string()
    .nullable()
    .meta({ description: `${description} Shown this once; null when an Idempotency-Key replays the answer.` })

export const EnrolmentBody = z.lazy(() =>
  z
    .object({
      secret: once('In base 32, to type into an authenticator app.'),
      otpauthUri: once('The same as an address, as an app on this device opens it.'),
      qrSvg: once('That address as a QR code, an SVG of a few kilobytes.'),
    })
    .meta({ ref: 'TotpEnrolment' }),
)

export const RecoveryCodesBody = z.lazy(() =>
  z
    .object({
      recoveryCodes: z.array(z.string()).nullable().meta({
        description: 'Ten, each good once. Shown this once; null when an Idempotency-Key replays the answer.',
      }),
    })
    .meta({ ref: 'RecoveryCodes' }),
)

export const MfaBody = z.lazy(() =>
  z
    .object({
      totp: z.object({ enabled: z.boolean(), since: z.iso.datetime().nullable() }),
      recoveryCodesLeft: z.int().min(0).max(10),
      passkeys: z.int().min(0).max(1_000),
    })
    .meta({ ref: 'SecondFactors' }),
)

export const RenewedAccess = z.lazy(() =>
  z
    .object({ accessToken: z.string(), expiresIn: z.int().min(0).max(900).meta({ description: 'seconds' }) })
    .meta({ ref: 'RenewedAccess' }),
)

/** Exactly one proof. */
export const Reauthentication = z.lazy(() =>
  z
    .strictObject({
      password: PresentedPassword.optional(),
      code: Code.optional(),
      passkey: PasskeyResponse.optional(),
    })
    .refine((proofs) => Object.values(proofs).filter((proof) => proof !== undefined).length === 1, {
      error: 'Send one of password, code and passkey.',
    })
    .meta({
      ref: 'Reauthentication',
      oneOf: [{ required: ['password'] }, { required: ['code'] }, { required: ['passkey'] }],
    }),
)
