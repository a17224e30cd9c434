/** What this tab keeps across a reload. It ends with the tab, and no other tab sees it. */
export type StoredTokens = { sessionId: string; refreshToken: string }

const sessionKey = 'manas360-console'
const deviceKey = 'manas360-console-device'
/** A reload waits so long at most until the page before it has let go of the lock. */
const lockWaitMs = 1_500

export function readTokens(): StoredTokens | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(sessionKey) ?? 'null')
    return typeof kept?.sessionId === 'string' && typeof kept?.refreshToken === 'string' ? kept : null
  } catch {
    return null
  }
}

export function storeTokens(kept: StoredTokens): void {
  if (lockedSession === kept.sessionId) sessionStorage.setItem(sessionKey, JSON.stringify(kept))
}

/** Forgets the session and lets go of its lock. The device's token stays: it opens nothing, and saves a notice of a new device. */
export function clearTokens(): void {
  sessionStorage.removeItem(sessionKey)
  unlock?.()
  unlock = undefined
  lockedSession = null
}

export const readDevice = () => sessionStorage.getItem(deviceKey)
export const storeDevice = (token: string) => sessionStorage.setItem(deviceKey, token)

let lockedSession: string | null = null
let unlock: (() => void) | undefined

/**
 * Takes the lock of a session: one tab holds it, as long as it is open. A copied tab has a copy of sessionStorage, and must not
 * use it: two that rotate one refresh token look like a theft, and end the session.
 * @returns false where another tab holds it, or the browser has no locks (a page without https): then nothing is kept
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
