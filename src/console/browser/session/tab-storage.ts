/** Data that this tab keeps across a reload, in sessionStorage. It ends with the tab, and other tabs do not see it. */
type StoredTokens = { sessionId: string; refreshToken: string }

const sessionKey = 'manas360-console'
const deviceKey = 'manas360-console-device'
/** The longest wait of a reload for the lock that the page before it still holds. */
const lockWaitMs = 1_500

/** The stored session of this tab; null where there is none. */
export function readTokens(): StoredTokens | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(sessionKey) ?? 'null')
    return typeof stored?.sessionId === 'string' && typeof stored?.refreshToken === 'string' ? stored : null
  } catch {
    return null
  }
}

/** Stores the session of this tab, in place of the one before. */
export function storeTokens(stored: StoredTokens): void {
  if (lockedSession === stored.sessionId) sessionStorage.setItem(sessionKey, JSON.stringify(stored))
}

/**
 * Deletes the session and releases its lock. The device token stays: it grants nothing, and avoids a notice of a new
 * device.
 */
export function clearTokens(): void {
  sessionStorage.removeItem(sessionKey)
  unlock?.()
  unlock = undefined
  lockedSession = null
}

/** The device token; null where there is none. */
export const readDevice = () => sessionStorage.getItem(deviceKey)
/** Stores the device token. */
export const storeDevice = (token: string) => sessionStorage.setItem(deviceKey, token)

let lockedSession: string | null = null
let unlock: (() => void) | undefined

/**
 * Takes the lock of a session, which one tab holds while it is open. A duplicated tab has a copy of sessionStorage and
 * must not use it: two tabs that rotate one refresh token look like a theft, which ends the session.
 * @returns false where another tab holds the lock, or the browser has none (a page without https): then nothing is
 *   stored
 */
export function lockSession(sessionId: string): Promise<boolean> {
  if (lockedSession === sessionId) return Promise.resolve(true)
  if (!('locks' in navigator)) return Promise.resolve(false)
  return new Promise((resolve) => {
    navigator.locks
      .request(`manas360-session-${sessionId}`, { signal: AbortSignal.timeout(lockWaitMs) }, () => {
        lockedSession = sessionId
        resolve(true)
        return new Promise<void>((release) => {
          unlock = release
        })
      })
      .catch(() => resolve(false))
  })
}
