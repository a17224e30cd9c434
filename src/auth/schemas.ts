import { z } from 'zod'
import { Consents, ConsentsDue } from '../consents/schemas.ts'
import { Email, LanguageTag, PersonName, PhoneNumber, TimeZone } from '../http/input/fields.ts'
import { PresentedPassword } from '../http/input/password.ts'
import { maxSessionSeconds } from './session-lifetime.ts'

export const Registration = z.lazy(() =>
  z
    .strictObject({
      email: Email,
      password: PresentedPassword,
      firstName: PersonName.nullish(),
      lastName: PersonName.nullish(),
      phoneNumber: PhoneNumber.nullish(),
      language: LanguageTag.optional(),
      timezone: TimeZone.optional(),
      consents: Consents.optional().meta({ description: 'Each document that is required, and others.' }),
    })
    .meta({ ref: 'Registration' }),
)
export type Registration = z.infer<typeof Registration>

export const Login = z.lazy(() => z.strictObject({ email: Email, password: PresentedPassword }).meta({ ref: 'Login' }))
export type Login = z.infer<typeof Login>

export const Refresh = z.lazy(() => z.strictObject({ refreshToken: z.string().max(65_536) }).meta({ ref: 'Refresh' }))

export const PasswordChange = z.lazy(() =>
  z
    .strictObject({
      currentPassword: PresentedPassword.optional().meta({
        description: 'Needed, but where the account has none yet: then a sign-in of the last 10 minutes is.',
      }),
      newPassword: PresentedPassword,
      keepApiKeys: z.boolean().optional().meta({ description: 'Otherwise the API keys end with the old password.' }),
    })
    .meta({ ref: 'PasswordChange' }),
)

export const PasswordChanged = z.lazy(() =>
  z
    .object({ deviceToken: z.string().meta({ description: 'Takes the place of the one that the old password had.' }) })
    .meta({ ref: 'PasswordChanged' }),
)

export const UserBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      email: z.string(),
      emailVerified: z.boolean(),
      firstName: z.string().nullable(),
      lastName: z.string().nullable(),
      phoneNumber: z.string().nullable(),
      language: z.string(),
      timezone: z.string(),
      role: z.string(),
      privilegeLevel: z.int().min(0).max(100),
      plan: z.object({ name: z.string(), displayName: z.string(), tier: z.int().min(0).max(1000) }),
      status: z.enum(['invited', 'active', 'locked']),
      createdAt: z.iso.datetime(),
      lastLoginAt: z.iso.datetime().nullable(),
      consentsDue: ConsentsDue.meta({ description: 'Required documents that wait for agreement in this version.' }),
    })
    .meta({ ref: 'User' }),
)

export const SessionBodySchema = z.lazy(() =>
  z
    .object({
      user: UserBody,
      accessToken: z.string(),
      refreshToken: z.string(),
      deviceToken: z.string(),
      tokenType: z.literal('Bearer'),
      expiresIn: z.int().min(0).max(900).meta({ description: 'seconds' }),
      refreshExpiresIn: z.int().min(0).max(maxSessionSeconds).meta({ description: 'seconds' }),
    })
    .meta({ ref: 'Session' }),
)

export const MfaRequired = z.lazy(() =>
  z
    .object({
      status: z.literal('mfa-required'),
      mfaToken: z.string().meta({ description: 'Stands for the first factor, which was right.' }),
      methods: z.array(z.enum(['totp', 'passkey', 'recovery-code'])),
      expiresIn: z.int().min(0).max(900).meta({ description: 'seconds' }),
    })
    .meta({ ref: 'MfaRequired' }),
)
export type MfaRequired = z.infer<typeof MfaRequired>

export const SessionItemSchema = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
      current: z.boolean(),
    })
    .meta({ ref: 'SessionItem' }),
)

export const VerificationRequired = z.lazy(() =>
  z.object({ status: z.literal('verification-required') }).meta({ ref: 'VerificationRequired' }),
)
