/** Those that take no money: outside production alone, and the default there. */
export const pretendProviders = ['sandbox']

/** What BILLING_PROVIDERS may name. `manual` is none: plans are tried, or granted by an administrator. */
export const providerNames = ['manual', 'stripe', 'razorpay', ...pretendProviders]
