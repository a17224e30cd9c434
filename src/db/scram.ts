import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** PostgreSQL's own number of rounds (scram_iterations). */
const rounds = 4096

/**
 * The SCRAM verifier of a password, as PostgreSQL stores it (RFC 5802, RFC 7677). Sent instead of the password, so that
 * the password is in no statement and no log of the server.
 * @throws Error unless the password is printable ASCII, which SASLprep (RFC 4013) does not change
 */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('must have a password of printable ASCII characters')
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${rounds}:${Buffer.from(salt).toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`
}
