import { createHash } from 'node:crypto'
import type { Context } from 'hono'

/** The most characters of `If-None-Match`, a few tags; the header could be as long as all headers together. */
const maxTagsLength = 1_024

/** A strong tag for the content that an answer depends on. */
export function etagOf(content: string | Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 16)}"`
}

/** Whether the client has the answer with this tag: `If-None-Match`, by weak comparison (RFC 9110, 13.1.2). */
export function isKnown(c: Context, etag: string): boolean {
  const known = c.req.header('If-None-Match')?.slice(0, maxTagsLength).split(',')
  return known?.some((tag) => [etag, `W/${etag}`, '*'].includes(tag.trim())) ?? false
}
