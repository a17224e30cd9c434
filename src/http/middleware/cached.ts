import type { Context } from 'hono'
import { etagOf, isKnown } from '../etag.ts'
import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

/**
 * For answers that are the same for everyone: browsers and proxies may cache them for `maxAgeSeconds`, and revalidate
 * by ETag.
 * @param versionOf a value that changes whenever the answer does, unless the answer has an ETag of its own
 */
export function cached(maxAgeSeconds: number, versionOf: (c: Context<PublicEnv>) => string | number) {
  return middleware<PublicEnv>({
    name: 'cached',
    after(c) {
      if (c.res.status !== 200) return
      const etag = c.res.headers.get('ETag') ?? etagOf(`${versionOf(c)} ${c.req.url}`)
      if (isKnown(c, etag)) {
        c.res = new Response(null, { status: 304 })
        c.res.headers.delete('Content-Type')
      }
      c.res.headers.set('ETag', etag)
      c.res.headers.set('Cache-Control', `public, max-age=${maxAgeSeconds}`)
    },
  })
}
