import { Hono } from 'hono'
import { z } from 'zod'
import { asymmetricAlgorithms } from '../crypto/signing-keys.ts'
import { noInput } from '../http/input/validate.ts'
import { cached } from '../http/middleware/cached.ts'
import { describe } from '../http/openapi.ts'
import type { PublicEnv } from '../http/request.ts'

const JwkSetBody = z.lazy(() =>
  z
    .object({
      keys: z.array(
        z.object({
          kty: z.enum(['EC', 'OKP']),
          crv: z.enum(['P-256', 'Ed25519']),
          x: z.string(),
          y: z.string().optional(),
          kid: z.string(),
          alg: z.enum(asymmetricAlgorithms),
          use: z.literal('sig'),
        }),
      ),
    })
    .meta({ ref: 'JwkSet', description: 'RFC 7517; empty while access tokens are signed with a secret' }),
)

/** How long verifiers may cache the keys. A key must be published for longer before it signs: see docs/operations.md. */
const maxAgeSeconds = 300

/** The JWK Set (RFC 7517 5) with which other services verify access tokens: see docs/verifying-tokens.md. */
export const keyRoutes = new Hono<PublicEnv>().get(
  '/.well-known/jwks.json',
  describe('Access', 'The public keys of access tokens', { 200: JwkSetBody, 304: null }),
  noInput,
  cached(maxAgeSeconds, (c) => JSON.stringify(c.get('deps').tokens.publicKeys)),
  (c) => c.json({ keys: c.get('deps').tokens.publicKeys }, 200),
)
