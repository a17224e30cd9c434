import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

/** Headers that make a browser careful with whatever we answer (OWASP Secure Headers). */
export function secureHeaders({ https }: { https: boolean }) {
  return middleware<PublicEnv>({
    name: 'secureHeaders',
    always: {
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...(https && { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' }),
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      // Public answers say otherwise themselves; everything else may hold a token or personal data.
      'Cache-Control': 'no-store',
    },
  })
}
