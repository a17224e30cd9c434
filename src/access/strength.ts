/** What somebody showed to sign in, as RFC 8176 calls it; `fed`: another provider's word. */
export type AuthMethod = 'pwd' | 'otp' | 'hwk' | 'swk' | 'fed'
/** What that amounts to: `aal2` (NIST SP 800-63B) takes a second factor, or a passkey that verified its user. */
export type Assurance = 'aal1' | 'aal2'

/** How strongly, and when, the person behind a session showed who they are. `authTime` is an epoch second. */
export type Strength = { amr: readonly AuthMethod[]; acr: Assurance; authTime: number }

const single: ReadonlySet<AuthMethod> = new Set(['pwd', 'fed'])

/** The assurance of everything that was shown. Passkeys count by themselves: they are accepted with user verification alone. */
export function assuranceOf(amr: readonly AuthMethod[]): Assurance {
  return amr.every((method) => single.has(method)) ? 'aal1' : 'aal2'
}
