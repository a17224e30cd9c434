import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'

/** A secret of an endpoint: 24 random bytes, in the form of Standard Webhooks. */
export const mintSecret = (): string => prefix + randomBytes(24).toString('base64')

export type Signed = { id: string; seconds: number; body: string }

/**
 * The headers of a message (Standard Webhooks 1.0): one signature for each valid secret, the newest first.
 * @param seconds the time of this attempt, in epoch seconds
 */
export function signedHeaders({ id, seconds, body }: Signed, secrets: readonly string[]): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') }
}
