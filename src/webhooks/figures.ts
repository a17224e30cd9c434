/** The feature that endpoints of an account need. */
export const webhookSupport = 'webhook_support'

export type Figures = ReturnType<typeof createWebhookFigures>

/** What attempts of this instance came to. */
export function createWebhookFigures() {
  const outcomes = { delivered: 0, failed: 0 }
  return {
    count(outcome: keyof typeof outcomes): void {
      outcomes[outcome]++
    },
    outcomes: (): Readonly<typeof outcomes> => outcomes,
  }
}
