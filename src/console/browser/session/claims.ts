/** The claims of an access token that the console reads, only to decide what it offers. The service verifies tokens. */
export type Claims = {
  sessionId: string
  accountId: string
  role: string
  level: number
  permissions: readonly string[]
  acr: string
  /** The authentication methods of the session (RFC 8176); `pwd` for a password. */
  methods: readonly string[]
  /** Epoch milliseconds by this computer's clock. */
  endsAt: number
}

/** Reads the claims of an access token without verifying it. @param livesSeconds its remaining lifetime */
export function readClaims(accessToken: string, livesSeconds: number): Claims {
  const json = new TextDecoder().decode(toBytes(accessToken.split('.')[1] ?? ''))
  const { sid, sub, role, lvl, perms, acr, amr } = JSON.parse(json)
  return {
    sessionId: String(sid),
    accountId: String(sub),
    role: String(role),
    level: Number(lvl),
    permissions: Array.isArray(perms) ? perms.map(String) : [],
    acr: String(acr),
    methods: Array.isArray(amr) ? amr.map(String) : [],
    // From the lifetime, because this computer's clock may differ from the service's.
    endsAt: Date.now() + livesSeconds * 1000,
  }
}

function toBytes(base64url: string): Uint8Array {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
