#!/usr/bin/env bun
// A service of its own that verifies MANAS360's access tokens and obeys changes of rights:
// CHANGES_TOKEN=… bun docs/examples/verifying-service.ts http://localhost:3000
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'

const baseUrl = process.argv[2] ?? 'http://localhost:3000'
const expected = {
  issuer: process.env.JWT_ISSUER ?? baseUrl,
  audience: process.env.JWT_AUDIENCE ?? 'manas360',
  algorithms: [process.env.JWT_ALGORITHM ?? 'ES256'],
  typ: 'at+jwt',
  requiredClaims: ['sub', 'sid', 'jti', 'iat', 'nbf', 'exp', 'ver', 'cv'],
  clockTolerance: 5,
}

/** What this service looks at; the signature vouches for the rest. Times are epoch seconds. */
type Claims = JWTPayload & {
  sub: string
  sid: string
  ver: number
  cv: number
  plan: string
  feats: string[]
  pex?: number
  ovr?: Record<string, { exp?: number }>
}
type Change = {
  accountId: string | null
  version: number | null
  sessionId: string | null
  catalogueVersion: number | null
}

// ── Keys: fetched once, kept, and fetched again when a token names one that is not among them ──
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', baseUrl))

// ── Changes: what has overtaken tokens that are still alive ──
const longestLifeMs = 20 * 60_000
const staleAfterMs = 5_000
const versions = new Map<string, { version: number; at: number }>()
const endedSessions = new Map<string, number>()
let catalogueVersion = 0
let cursor: string | null = null
let readAt = 0

/** Reads on from the cursor until a page is not full. */
async function readChanges(): Promise<void> {
  for (;;) {
    const beganAt = Date.now()
    const since: string = cursor === null ? '' : `&since=${encodeURIComponent(cursor)}`
    const response = await fetch(new URL(`/v1/authz/changes?limit=100${since}`, baseUrl), {
      headers: { Authorization: `Bearer ${process.env.CHANGES_TOKEN}` },
      signal: AbortSignal.timeout(3_000),
    })
    if (response.status === 410) {
      // Away for a day: what is known is kept, and the reading begins anew.
      cursor = null
      continue
    }
    if (!response.ok) throw new Error(`changes: ${response.status}`)
    const { items, nextCursor } = (await response.json()) as { items: Change[]; nextCursor: string }
    for (const change of items) apply(change)
    cursor = nextCursor
    if (items.length < 100) {
      readAt = beganAt
      return
    }
  }
}

/** In any order, and any number of times: only the highest version counts. */
function apply({ accountId, version, sessionId, catalogueVersion: catalogue }: Change): void {
  if (catalogue !== null) catalogueVersion = Math.max(catalogueVersion, catalogue)
  if (accountId === null || version === null) return
  const known = versions.get(accountId)?.version ?? 0
  versions.set(accountId, { version: Math.max(known, version), at: Date.now() })
  if (sessionId !== null) endedSessions.set(sessionId, Date.now())
}

/** What no living token can predate is forgotten. */
function sweep(): void {
  const oldest = Date.now() - longestLifeMs
  for (const [id, { at }] of versions) if (at < oldest) versions.delete(id)
  for (const [id, at] of endedSessions) if (at < oldest) endedSessions.delete(id)
}

async function follow(): Promise<void> {
  for (;;) {
    await Bun.sleep(1_000)
    await readChanges().catch((error: Error) => process.stderr.write(`${error.message}\n`))
    sweep()
  }
}

// ── The judgement ──
const tokenFault = /^ERR_(JWT|JWS)_|_NO_MATCHING_KEY$|_ALG_NOT_ALLOWED$|_NOT_SUPPORTED$/

/** The claims, or why not. `outdated`: good once, but something has changed since; the client refreshes and asks again. */
async function judge(authorization: string | null): Promise<Claims | 'invalid' | 'outdated' | 'revoked'> {
  const [scheme, token = ''] = authorization?.split(' ') ?? []
  if (scheme?.toLowerCase() !== 'bearer') return 'invalid'
  let claims: Claims
  try {
    claims = (await jwtVerify<Claims>(token, keys, expected)).payload
  } catch (error) {
    // What else there is concerns the keys, not the token: they cannot be fetched.
    if (error instanceof errors.JOSEError && tokenFault.test(error.code)) return 'invalid'
    throw error
  }
  if (endedSessions.has(claims.sid)) return 'revoked'
  const overtaken = claims.ver < (versions.get(claims.sub)?.version ?? 0) || claims.cv < catalogueVersion
  const ends = [claims.pex, ...Object.values(claims.ovr ?? {}).map(({ exp }) => exp)]
  const lapsed = ends.some((end) => end !== undefined && end * 1000 <= Date.now())
  return overtaken || lapsed ? 'outdated' : claims
}

await readChanges()
void follow()

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 4000),
  async fetch(request) {
    // Without news this service refuses. One that can live with 15 minutes leaves this line out.
    if (Date.now() - readAt > staleAfterMs) return Response.json({ error: 'stale' }, { status: 503 })
    const claims = await judge(request.headers.get('Authorization'))
    if (typeof claims === 'string') return Response.json({ error: claims }, { status: 401 })
    if (!claims.feats.includes('advanced_reporting'))
      return Response.json({ error: 'feature-not-in-plan' }, { status: 403 })
    return Response.json({ report: `of ${claims.sub}, on plan ${claims.plan}` })
  },
  error: () => Response.json({ error: 'unavailable' }, { status: 503 }),
})
process.stdout.write(`listening on ${server.url.origin}\n`)
