/** What the console reads of an access token. Only the service judges it: this decides what is offered, not what is allowed. */
export type Claims = {
  sessionId: string
  accountId: string
  role: string
  level: number
  permissions: readonly string[]
  acr: string
  /** How the session began (RFC 8176): `pwd` where it was the password. */
  methods: readonly string[]
  /** Epoch milliseconds by this computer's clock. */
  endsAt: number
}

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
    // The token's own times are the service's, and this computer's clock may go wrong.
    endsAt: Date.now() + livesSeconds * 1000,
  }
}

function toBytes(base64url: string): Uint8Array {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
