import { createHmac } from 'node:crypto'
import { deriveKey } from './hash.ts'

/**
 * HMACs of an address, under which its traces are stored: the first under the current key, the others under earlier
 * keys, for look-ups.
 */
function createTraceKeys(auditKeys: readonly string[]): (email: string) => [Buffer, ...Buffer[]] {
  const [current, ...previous] = auditKeys.map((secret) => deriveKey(secret, 'erased accounts'))
  const hash = (key: Uint8Array, email: string) => createHmac('sha256', key).update(email).digest()
  if (!current) throw new Error('there is always an audit key')
  return (email) => [hash(current, email), ...previous.map((key) => hash(key, email))]
}

/** The HMAC of a kind and value, under which counters are stored. */
function createCounterKey(key: Uint8Array): (kind: string, value: string) => Buffer {
  return (kind, value) => createHmac('sha256', key).update(`${kind}:${value}`).digest()
}

/** Both, under the audit keys, the newest first. */
export const createKeyedHashes = (auditKeys: readonly [string, ...string[]]) => ({
  counterKey: createCounterKey(deriveKey(auditKeys[0], 'lockout counters')),
  traceKeys: createTraceKeys(auditKeys),
})
