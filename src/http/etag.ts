import { createHash } from 'node:crypto'
import type { Context } from 'hono'

/** A list of tags may be as long as all headers together; a cache holds a few of one answer. */
const maxTagsLength = 1_024

/** A strong tag of what an answer depends on. */
export function etagOf(content: string | Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 16)}"`
}

/** Whether the caller has the answer with this tag: `If-None-Match`, by weak comparison (RFC 9110, 13.1.2). */
export function isKnown(c: Context, etag: string): boolean {
  const known = c.req.header('If-None-Match')?.slice(0, maxTagsLength).split(',')
  return known?.some((tag) => [etag, `W/${etag}`, '*'].includes(tag.trim())) ?? false
}
