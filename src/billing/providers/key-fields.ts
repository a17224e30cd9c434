import { z } from 'zod'

/** A key as a provider gives it out. */
export const providerKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,255}$/, 'must be a key of 8 to 255 characters without spaces')

/** Webhook secrets, separated by commas, the newest first: several during a rotation. */
export const webhookSecrets = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(providerKey).max(5, 'must be at most 5 secrets'))

/** Messages for the unset variables of a provider that BILLING_PROVIDERS names. */
export function missingKeys(
  provider: string,
  providers: readonly string[] | undefined,
  values: Record<string, unknown>,
): string[] {
  if (!providers?.includes(provider)) return []
  return Object.entries(values)
    .filter(([, value]) => value === undefined)
    .map(([name]) => `${name}: must be set, for BILLING_PROVIDERS names ${provider}`)
}

/** The value of BILLING_PROVIDERS, which src/billing/variables.ts declares. */
export type NamedProviders = { BILLING_PROVIDERS?: string[] | undefined }
