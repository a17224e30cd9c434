import { z } from 'zod'
import { integer } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import type { InstanceVariables } from '../config/variables.ts'
import { pretendProviders, providerNames } from './providers/names.ts'

const variables = {
  BILLING_PROVIDERS: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => providerNames.includes(name)), {
      message: `must be names from ${providerNames.join(', ')}, separated by commas`,
    })
    .refine((names) => new Set(names).size === names.length, { message: 'names a provider twice' })
    .optional(),
  BILLING_GRACE_DAYS: integer(0, 60, 7),
}

type E = Values<typeof variables> & Pick<InstanceVariables, 'NODE_ENV'>
export type BillingConfig = ConfigOf<typeof billingConfiguration>

export const billingConfiguration = configuration({
  variables,
  config: (e: E) => ({
    /** The payment providers, in order of preference; empty: plans are only tried, or granted. */
    billingProviders: (e.BILLING_PROVIDERS ?? (e.NODE_ENV === 'production' ? ['manual'] : pretendProviders)).filter(
      (name) => name !== 'manual',
    ),
    /** Grace period in milliseconds: how long a plan lasts after its period while the renewal is retried. */
    billingGraceMs: e.BILLING_GRACE_DAYS * 86_400_000,
  }),
  check: ({ NODE_ENV, BILLING_PROVIDERS }) =>
    NODE_ENV === 'production' && BILLING_PROVIDERS?.some((name) => pretendProviders.includes(name))
      ? ['BILLING_PROVIDERS: must hold no pretend provider in production: everybody could pay with nothing']
      : [],
})
