import { createHmac } from 'node:crypto'
import { deriveKey } from './hash.ts'

/** The HMACs under which an address's traces are kept: under the key in force first; those of before find what was left under them. */
export function createTraceKeys(auditKeys: readonly string[]): (email: string) => [Buffer, ...Buffer[]] {
  const [current, ...previous] = auditKeys.map((secret) => deriveKey(secret, 'erased accounts'))
  const hash = (key: Uint8Array, email: string) => createHmac('sha256', key).update(email).digest()
  if (!current) throw new Error('there is always an audit key')
  return (email) => [hash(current, email), ...previous.map((key) => hash(key, email))]
}

/** What is counted for somebody is known by the HMAC of its kind and value. */
export function createCounterKey(key: Uint8Array): (kind: string, value: string) => Buffer {
  return (kind, value) => createHmac('sha256', key).update(`${kind}:${value}`).digest()
}

/** Both, under the audit keys, the newest first. */
export const createKeyedHashes = (auditKeys: readonly [string, ...string[]]) => ({
  counterKey: createCounterKey(deriveKey(auditKeys[0], 'lockout counters')),
  traceKeys: createTraceKeys(auditKeys),
})
