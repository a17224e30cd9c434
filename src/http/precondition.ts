import type { Context } from 'hono'
import { AppError } from '../errors/app-error.ts'

/** A list of tags may be as long; who edits knows one. */
const maxLength = 1_024
const listOfTags = /^(?:W\/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e]*")*$/

/** What a route that takes `If-Match` says of it, for `describe`. */
export const ifMatch = { 'If-Match': 'The ETag of what was read: 412 changed-meanwhile when it is another now.' }

/** Judges the tag of what is about to be changed, once it is locked. @throws AppError `changed-meanwhile` */
export type Precondition = (etag: string) => void

/**
 * `If-Match` of a request, by strong comparison (RFC 9110, 13.1.1): a weak tag never matches.
 * @returns null: the change wants nothing of the state before it
 * @throws AppError `bad-request` for what is no list of tags
 */
export function preconditionOf(c: Context): Precondition | null {
  const header = c.req.header('If-Match')?.trim()
  if (header === undefined || header === '*') return null
  if (header.length > maxLength || !listOfTags.test(header))
    throw new AppError('bad-request', { detail: 'If-Match takes the ETag of what was read, in its quotation marks.' })
  const known = new Set(header.split(',').map((tag) => tag.trim()))
  return (etag) => {
    if (!known.has(etag)) throw new AppError('changed-meanwhile')
  }
}
