/** The feature that an account's endpoints require. */
export const webhookSupport = 'webhook_support'

export type Figures = ReturnType<typeof createWebhookFigures>

/** Counts the outcomes of this instance's attempts. */
export function createWebhookFigures() {
  const outcomes = { delivered: 0, failed: 0 }
  return {
    count(outcome: keyof typeof outcomes): void {
      outcomes[outcome]++
    },
    outcomes: (): Readonly<typeof outcomes> => outcomes,
  }
}
