/** What this tab keeps across a reload. It ends with the tab, and no other tab sees it. */
export type Kept = { sessionId: string; refreshToken: string }

const sessionKey = 'manas360-console'
const deviceKey = 'manas360-console-device'
/** A reload waits so long at most until the page before it has let go of the lock. */
const patienceMs = 1_500

export function readKept(): Kept | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(sessionKey) ?? 'null')
    return typeof kept?.sessionId === 'string' && typeof kept?.refreshToken === 'string' ? kept : null
  } catch {
    return null
  }
}

export function keep(kept: Kept): void {
  if (held === kept.sessionId) sessionStorage.setItem(sessionKey, JSON.stringify(kept))
}

/** Forgets the session and lets go of its lock. The device's token stays: it opens nothing, and saves a notice of a new device. */
export function forget(): void {
  sessionStorage.removeItem(sessionKey)
  letGo?.()
  letGo = undefined
  held = null
}

export const readDevice = () => sessionStorage.getItem(deviceKey)
export const keepDevice = (token: string) => sessionStorage.setItem(deviceKey, token)

let held: string | null = null
let letGo: (() => void) | undefined

/**
 * Takes the lock of a session: one tab holds it, as long as it is open. A copied tab has a copy of sessionStorage, and must not
 * use it: two that rotate one refresh token look like a theft, and end the session.
 * @returns false where another tab holds it, or the browser has no locks (a page without https): then nothing is kept
 */
export function hold(sessionId: string): Promise<boolean> {
  if (held === sessionId) return Promise.resolve(true)
  if (!('locks' in navigator)) return Promise.resolve(false)
  return new Promise((resolve) => {
    navigator.locks
      .request(`manas360-session-${sessionId}`, { signal: AbortSignal.timeout(patienceMs) }, () => {
        held = sessionId
        resolve(true)
        return new Promise<void>((release) => {
          letGo = release
        })
      })
      .catch(() => resolve(false))
  })
}
