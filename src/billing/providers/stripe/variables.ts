import { type ConfigOf, configuration, type Values } from '../../../config/room.ts'
import { missingKeys, type NamedProviders, providerKey, webhookSecrets } from '../key-fields.ts'

const variables = { STRIPE_SECRET_KEY: providerKey.optional(), STRIPE_WEBHOOK_SECRET: webhookSecrets.optional() }

type E = Values<typeof variables> & NamedProviders
export type StripeConfig = ConfigOf<typeof stripeConfiguration>

export const stripeConfiguration = configuration({
  variables,
  config: ({ STRIPE_SECRET_KEY: secretKey = '', STRIPE_WEBHOOK_SECRET: webhookSecrets = [] }: E) => ({
    /** Empty where BILLING_PROVIDERS does not name it. */
    stripe: { secretKey, webhookSecrets },
  }),
  check: ({ BILLING_PROVIDERS, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET }) =>
    missingKeys('stripe', BILLING_PROVIDERS, { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET }),
  secrets: {
    STRIPE_SECRET_KEY: { purpose: 'opens the account at Stripe' },
    STRIPE_WEBHOOK_SECRET: { purpose: 'verifies what Stripe sends' },
  },
})
