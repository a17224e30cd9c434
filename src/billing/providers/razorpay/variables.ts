import { type ConfigOf, configuration, type Values } from '../../../config/room.ts'
import { missingKeys, type NamedProviders, providerKey, webhookSecrets } from '../key-fields.ts'

const variables = {
  RAZORPAY_KEY_ID: providerKey.optional(),
  RAZORPAY_KEY_SECRET: providerKey.optional(),
  RAZORPAY_WEBHOOK_SECRET: webhookSecrets.optional(),
}

type E = Values<typeof variables> & NamedProviders
export type RazorpayConfig = ConfigOf<typeof razorpayConfiguration>

export const razorpayConfiguration = configuration({
  variables,
  config: (e: E) => ({
    /** Empty where BILLING_PROVIDERS does not name it. */
    razorpay: {
      keyId: e.RAZORPAY_KEY_ID ?? '',
      keySecret: e.RAZORPAY_KEY_SECRET ?? '',
      webhookSecrets: e.RAZORPAY_WEBHOOK_SECRET ?? [],
    },
  }),
  check: ({ BILLING_PROVIDERS, RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET, RAZORPAY_WEBHOOK_SECRET }) =>
    missingKeys('razorpay', BILLING_PROVIDERS, { RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET, RAZORPAY_WEBHOOK_SECRET }),
  secrets: {
    RAZORPAY_KEY_SECRET: { purpose: 'opens the account at Razorpay' },
    RAZORPAY_WEBHOOK_SECRET: { purpose: 'verifies what Razorpay sends' },
  },
})
