/** Providers that take no money: only outside production, where they are the default. */
export const pretendProviders = ['sandbox']

/** The values of BILLING_PROVIDERS. `manual` stands for no provider: plans are tried, or granted by an administrator. */
export const providerNames = ['manual', 'stripe', 'razorpay', ...pretendProviders]
