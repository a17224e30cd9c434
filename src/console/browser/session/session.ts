import { createClient, isProblem } from '@manas360/client'
import { connection, reportLost } from '../calls/connection.ts'
import { UnreachableError } from '../calls/failure.ts'
import { timed } from '../calls/fetch.ts'
import { service } from '../calls/service.ts'
import { createStore } from '../store.ts'
import { type Claims, readClaims } from './claims.ts'
import { clearTokens, lockSession, readDevice, readTokens, storeDevice, storeTokens } from './tab-storage.ts'

/** Why a session ended. `copied`: the tab was duplicated. `idle`: nobody used it for 30 minutes. */
export type EndReason = 'left' | 'ended' | 'idle' | 'copied'
export type Person = { id: string; email: string; firstName: string | null; lastName: string | null }
export type Session =
  | { kind: 'opening' }
  | { kind: 'signed-out'; why: EndReason | null }
  | { kind: 'signed-in'; person: Person; claims: Claims }

/** The answer to a sign-in. */
export type SessionBody = {
  user: Person
  accessToken: string
  expiresIn: number
  refreshToken: string
  deviceToken: string
}

export const session = createStore<Session>({ kind: 'opening' })

/** The client for calls without a bearer, or with one of their own. */
const bare = createClient(service, { fetch: timed })
/** A token that expires within this time is renewed before it is used. */
const marginMs = 20_000
/** The service's limit, checked here too: polling refreshes the session on the server and would keep it alive. */
const idleMs = 30 * 60_000

/** The tokens, in memory only. */
let tokens: { access: string; refresh: string } | null = null
let renewing: Promise<boolean> | undefined
let touchedAt = Date.now()

/** Resumes the session that this tab had before a reload. */
export async function openSession(): Promise<void> {
  const stored = readTokens()
  if (!stored) return session.set({ kind: 'signed-out', why: null })
  if (!(await lockSession(stored.sessionId))) return endSession('copied')
  tokens = { access: '', refresh: stored.refreshToken }
  await resumeSession()
}

/** Without an answer the session remains, and is tried again once the service is back. */
async function resumeSession(): Promise<void> {
  try {
    await renew()
  } catch {
    reportLost()
    const stop = connection.subscribe(() => {
      if (connection.get().isLost) return
      stop()
      void resumeSession()
    })
  }
}

/** Begins a session with the tokens of a sign-in. */
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

/** The access token, renewed where it is about to expire. @throws UnreachableError where renewing gets no answer */
export async function accessToken(): Promise<string | null> {
  const now = session.get()
  if (now.kind === 'signed-in' && now.claims.endsAt - Date.now() < marginMs) await renew()
  return tokens?.access || null
}

/**
 * Exchanges the refresh token, once at a time; rights are read again too.
 * @returns false where the session has ended
 * @throws UnreachableError where no answer came
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
  // Signed out meanwhile: no answer begins the session again, or tells another reason.
  const isOver = () => tokens?.refresh !== refresh
  // The service repeats a lost answer for 10 s; after that the same token counts as stolen.
  for (const waitMs of [300, 1_000, 2_500, null]) {
    const answer = await bare.v1.auth.refresh.$post({ json: { refreshToken: refresh } }).catch(() => null)
    if (answer?.status === 200) {
      const body = await answer.json()
      if (isOver()) return false
      storeSession(body, readClaims(body.accessToken, body.expiresIn))
      return true
    }
    // Only the service's own 401 ends the session; an error of a proxy may be temporary.
    if (answer?.status === 401 && isProblem(await answer.json().catch(() => null))) {
      if (!isOver()) endSession('ended')
      return false
    }
    if (waitMs !== null) await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  throw new UnreachableError('the session could not be renewed')
}

/** Replaces the access token by one of the same session with a newer proof. */
export function replaceAccessToken(accessToken: string, expiresIn: number): void {
  const now = session.get()
  if (now.kind !== 'signed-in' || !tokens) return
  tokens = { ...tokens, access: accessToken }
  session.set({ ...now, claims: readClaims(accessToken, expiresIn) })
}

/** Ends the session in this tab, where it has not ended for another reason; `signOut` also ends it on the server. */
export function endSession(why: EndReason): void {
  if (session.get().kind === 'signed-out') return
  tokens = null
  clearTokens()
  session.set({ kind: 'signed-out', why })
}

/** Ends the session on the server and in this tab. Never throws. */
export async function signOut(why: EndReason = 'left'): Promise<void> {
  const access = tokens?.access
  endSession(why)
  if (!access) return
  const headers = { Authorization: `Bearer ${access}` }
  // `keepalive`: the request is sent even if the tab is closed at once.
  await bare.v1.auth.logout.$post({}, { headers, init: { keepalive: true } }).catch(() => {})
}

/** The headers of a sign-in, by which the service recognises a known device. */
export function deviceHeaders(): { headers: Record<string, string> } {
  const device = readDevice()
  return { headers: device ? { 'X-Device-Token': device } : {} }
}

for (const kind of ['pointerdown', 'keydown', 'wheel'] as const)
  addEventListener(kind, () => (touchedAt = Date.now()), { passive: true, capture: true })
setInterval(() => {
  if (session.get().kind === 'signed-in' && Date.now() - touchedAt > idleMs) void signOut('idle')
}, 30_000)
