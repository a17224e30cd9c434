import { createClient, isProblem } from '@manas360/client'
import { connection, noteLost } from '../calls/connection.ts'
import { Unreachable } from '../calls/failure.ts'
import { timed } from '../calls/fetch.ts'
import { service } from '../calls/service.ts'
import { createStore } from '../store.ts'
import { type Claims, readClaims } from './claims.ts'
import { clearTokens, lockSession, readDevice, readTokens, storeDevice, storeTokens } from './kept.ts'

/** Why nobody is signed in: `copied` is a tab that was duplicated, `idle` one that nobody touched. */
export type EndReason = 'left' | 'ended' | 'idle' | 'copied'
export type Person = { id: string; email: string; firstName: string | null; lastName: string | null }
export type Session =
  | { kind: 'opening' }
  | { kind: 'signed-out'; why: EndReason | null }
  | { kind: 'signed-in'; person: Person; claims: Claims }

/** What a sign-in answers. */
export type SessionBody = {
  user: Person
  accessToken: string
  expiresIn: number
  refreshToken: string
  deviceToken: string
}

export const session = createStore<Session>({ kind: 'opening' })

/** Calls that need no bearer, or one of their own. */
const bare = createClient(service, { fetch: timed })
/** A token that ends sooner is renewed before it is used. */
const marginMs = 20_000
/** The same as on the server, which counts refreshes: what polls keeps a session alive there, but not here. */
const idleMs = 30 * 60_000

/** The tokens are nowhere but here. */
let tokens: { access: string; refresh: string } | null = null
let renewing: Promise<boolean> | undefined
let touchedAt = Date.now()

/** Takes up the session that this tab had before it was loaded anew. */
export async function openSession(): Promise<void> {
  const kept = readTokens()
  if (!kept) return session.set({ kind: 'signed-out', why: null })
  if (!(await lockSession(kept.sessionId))) return endSession('copied')
  tokens = { access: '', refresh: kept.refreshToken }
  await resumeSession()
}

/** Without an answer the session is as good as before: once the service is back, it is asked again. */
async function resumeSession(): Promise<void> {
  try {
    await renew()
  } catch {
    noteLost()
    const stop = connection.subscribe(() => {
      if (connection.get().isLost) return
      stop()
      void resumeSession()
    })
  }
}

/** Begins with the tokens of a sign-in. */
export async function startSession(body: SessionBody): Promise<void> {
  const claims = readClaims(body.accessToken, body.expiresIn)
  await lockSession(claims.sessionId)
  storeSession(body, claims)
}

function storeSession(body: SessionBody, claims: Claims): void {
  tokens = { access: body.accessToken, refresh: body.refreshToken }
  storeTokens({ sessionId: claims.sessionId, refreshToken: body.refreshToken })
  storeDevice(body.deviceToken)
  const { id, email, firstName, lastName } = body.user
  session.set({ kind: 'signed-in', person: { id, email, firstName, lastName }, claims })
}

/** The token to send, renewed where it runs out. @throws Unreachable where that takes the service, and no answer comes */
export async function accessToken(): Promise<string | null> {
  const now = session.get()
  if (now.kind === 'signed-in' && now.claims.endsAt - Date.now() < marginMs) await renew()
  return tokens?.access || null
}

/**
 * Exchanges the refresh token: rights are read anew, too. Once at a time.
 * @returns false where the session has ended
 * @throws Unreachable where no answer came
 */
export function renew(): Promise<boolean> {
  renewing ??= exchange().finally(() => {
    renewing = undefined
  })
  return renewing
}

async function exchange(): Promise<boolean> {
  if (!tokens) return false
  const { refresh } = tokens
  // An answer that was lost is given again for 10 s; later the same token counts as stolen.
  for (const waitMs of [300, 1_000, 2_500, null]) {
    const answer = await bare.v1.auth.refresh.$post({ json: { refreshToken: refresh } }).catch(() => null)
    if (answer?.status === 200) {
      const body = await answer.json()
      storeSession(body, readClaims(body.accessToken, body.expiresIn))
      return true
    }
    // Only the service ends a session: what a proxy says in its place may be over in a moment.
    if (answer?.status === 401 && isProblem(await answer.json().catch(() => null))) {
      endSession('ended')
      return false
    }
    if (waitMs !== null) await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  throw new Unreachable('the session could not be renewed')
}

/** A token with a newer proof of who is there; the session is the same. */
export function replaceAccessToken(accessToken: string, expiresIn: number): void {
  const now = session.get()
  if (now.kind !== 'signed-in' || !tokens) return
  tokens = { ...tokens, access: accessToken }
  session.set({ ...now, claims: readClaims(accessToken, expiresIn) })
}

/** Ends the session here; `signOut` ends it on the server, too. */
export function endSession(why: EndReason): void {
  tokens = null
  clearTokens()
  session.set({ kind: 'signed-out', why })
}

export async function signOut(why: EndReason = 'left'): Promise<void> {
  const access = tokens?.access
  endSession(why)
  if (!access) return
  const headers = { Authorization: `Bearer ${access}` }
  // Goes on where the tab is closed at once: otherwise the session would stay.
  await bare.v1.auth.logout.$post({}, { headers, init: { keepalive: true } }).catch(() => {})
}

/** What signing in sends along, so that a known device is known. */
export function deviceHeaders(): { headers: Record<string, string> } {
  const device = readDevice()
  return { headers: device ? { 'X-Device-Token': device } : {} }
}

for (const kind of ['pointerdown', 'keydown', 'wheel'] as const)
  addEventListener(kind, () => (touchedAt = Date.now()), { passive: true, capture: true })
setInterval(() => {
  if (session.get().kind === 'signed-in' && Date.now() - touchedAt > idleMs) void signOut('idle')
}, 30_000)
