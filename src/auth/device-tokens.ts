import { createHmac, timingSafeEqual } from 'node:crypto'

/** The claims of a device token: the device signed in to this account while it had this password version. */
export type Device = { deviceId: string; accountId: string; passwordVersion: number }
export type DeviceTokens = ReturnType<typeof createDeviceTokens>

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** One spelling for each token; at most 129 characters. A password version is a positive PostgreSQL int. */
const shape = new RegExp(`^(${uuid})\\.(${uuid})\\.([1-9]\\d{0,9})\\.([A-Za-z0-9_-]{43})$`)
const maxPasswordVersion = 2_147_483_647

/**
 * Tokens by which log-in recognises a device that signed in before. They grant nothing; they only decide which lockout
 * counter is used. Signed with HMAC-SHA-256 under a key derived from `secret` for this purpose alone. The token names the
 * account by its id only: it carries no personal data, and it is read before the account is looked up. Synchronous:
 * asynchronous WebCrypto would queue behind argon2.
 *
 * @throws RangeError for a secret shorter than 32 bytes (RFC 7518 3.2 asks as much of HS256)
 */
export function createDeviceTokens(secret: Uint8Array) {
  if (secret.byteLength < 32) throw new RangeError('the secret of device tokens must have at least 32 bytes')
  const key = createHmac('sha256', secret).update('device-token/v1').digest()
  const sign = (claims: string) => new Bun.CryptoHasher('sha256', key).update(claims).digest('base64url')

  /** The device, or null for a forged or malformed token. The caller checks that it belongs to the account. */
  function read(token: string | undefined): Device | null {
    const [, deviceId, accountId, passwordVersion, signature] = (token !== undefined && shape.exec(token)) || []
    if (!deviceId || !accountId || !passwordVersion || !signature || Number(passwordVersion) > maxPasswordVersion)
      return null
    // Compared as text: base64url decoding would ignore stray bits of the last character.
    const expected = sign(`${deviceId}.${accountId}.${passwordVersion}`)
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return null
    return { deviceId, accountId, passwordVersion: Number(passwordVersion) }
  }

  return {
    /** A token for a device. With the id of an earlier token the device keeps its lockout counter. */
    issue(accountId: string, passwordVersion: number, deviceId: string = Bun.randomUUIDv7()): string {
      const claims = `${deviceId}.${accountId}.${passwordVersion}`
      return `${claims}.${sign(claims)}`
    },
    read,
  }
}
