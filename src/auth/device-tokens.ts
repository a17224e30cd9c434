import { createHmac, timingSafeEqual } from 'node:crypto'

/** The claims of a device token: the device signed in to this account while it had this password. */
export type Device = { deviceId: string; accountId: string; passwordVersion: number }
export type DeviceTokens = ReturnType<typeof createDeviceTokens>

const shape = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/

/**
 * Opaque tokens that tell a device which signed in before from a stranger: signed, bound to account and password
 * version. They open nothing; they only choose whose failures are counted.
 */
export function createDeviceTokens(key: Uint8Array) {
  const mac = (text: string) => createHmac('sha256', key).update(text).digest('base64url')
  return {
    issue(accountId: string, passwordVersion: number, deviceId: string): string {
      const claims = `${deviceId}.${accountId}.${passwordVersion}`
      return `${claims}.${mac(claims)}`
    },
    /** The device, or null for a wrong, foreign or malformed token. Whether it fits the account is the caller's to judge. */
    read(token: string | undefined): Device | null {
      const [, deviceId, accountId, passwordVersion, signature] = (token !== undefined && shape.exec(token)) || []
      if (!deviceId || !accountId || !passwordVersion || !signature) return null
      const expected = mac(`${deviceId}.${accountId}.${passwordVersion}`)
      if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return null
      return { deviceId, accountId, passwordVersion: Number(passwordVersion) }
    },
  }
}
