import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

/** Security headers for browsers (OWASP Secure Headers). */
export function secureHeaders({ https }: { https: boolean }) {
  return middleware<PublicEnv>({
    name: 'secureHeaders',
    always: {
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...(https && { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' }),
      'Content-Security-Policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      // The default, because answers may hold tokens or personal data; public answers set their own.
      'Cache-Control': 'no-store',
    },
  })
}
