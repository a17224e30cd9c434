import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

/** A list of tags may be as long as all headers together; a cache holds a few of one answer. */
const maxTagsLength = 1_024

/**
 * For what is the same for everyone: browsers and proxies may keep it for `maxAgeSeconds`, and ask with its ETag.
 * @param versionOf what changes whenever the answer does
 */
export function cached(maxAgeSeconds: number, versionOf: (c: Context<PublicEnv>) => string | number) {
  return middleware<PublicEnv>({
    name: 'cached',
    after(c) {
      if (c.res.status !== 200) return
      const hash = createHash('sha256').update(`${versionOf(c)} ${c.req.url}`)
      const etag = `"${hash.digest('base64url').slice(0, 16)}"`
      const known = c.req.header('If-None-Match')?.slice(0, maxTagsLength).split(',')
      if (known?.some((tag) => [etag, `W/${etag}`, '*'].includes(tag.trim()))) {
        c.res = new Response(null, { status: 304 })
        c.res.headers.delete('Content-Type')
      }
      c.res.headers.set('ETag', etag)
      c.res.headers.set('Cache-Control', `public, max-age=${maxAgeSeconds}`)
    },
  })
}
