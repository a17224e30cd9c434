import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a device token says: the device signed in to this account while it had this password. */
export type Device = { deviceId: string; accountId: string; passwordVersion: number }
export type DeviceTokens = ReturnType<typeof createDeviceTokens>

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** One spelling for each token; at most 129 characters. A password version is a positive PostgreSQL int. */
const shape = new RegExp(`^(${uuid})\\.(${uuid})\\.([1-9]\\d{0,9})\\.([A-Za-z0-9_-]{43})$`)
const maxPasswordVersion = 2_147_483_647

/**
 * Tokens that tell a device which signed in before from a stranger. They open nothing; they only choose whose failures
 * are counted at log-in. Signed with HMAC-SHA-256 under a key of their own, derived from `secret`, so that nothing else
 * signed with it passes for one. The account is named by its id alone: the token carries no personal data, and it must be
 * readable before the account is looked up. Synchronous: asynchronous WebCrypto would queue behind argon2.
 *
 * @throws RangeError for a secret shorter than 32 bytes (RFC 7518 3.2 asks as much of HS256)
 */
export function createDeviceTokens(secret: Uint8Array) {
  if (secret.byteLength < 32) throw new RangeError('the secret of device tokens must have at least 32 bytes')
  const key = createHmac('sha256', secret).update('device-token/v1').digest()
  const sign = (claims: string) => createHmac('sha256', key).update(claims).digest('base64url')

  /** The device, or null for a wrong, foreign or malformed token. Whether it fits the account is the caller's to judge. */
  function read(token: string | undefined): Device | null {
    const [, deviceId, accountId, passwordVersion, signature] = (token !== undefined && shape.exec(token)) || []
    if (!deviceId || !accountId || !passwordVersion || !signature || Number(passwordVersion) > maxPasswordVersion)
      return null
    // Compared as text: stray bits in a signature's last character are refused.
    const expected = sign(`${deviceId}.${accountId}.${passwordVersion}`)
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return null
    return { deviceId, accountId, passwordVersion: Number(passwordVersion) }
  }

  return {
    /** A token for a device; a device that logs in again keeps its id, and so its counter, when that is passed. */
    issue(accountId: string, passwordVersion: number, deviceId: string = Bun.randomUUIDv7()): string {
      const claims = `${deviceId}.${accountId}.${passwordVersion}`
      return `${claims}.${sign(claims)}`
    },
    read,
  }
}
