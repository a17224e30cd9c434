import type { Context } from 'hono'
import { AppError } from '../errors/app-error.ts'

/** The most characters of a list of tags; an editor has one. */
const maxLength = 1_024
const listOfTags = /^(?:W\/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e]*")*$/

/** The header `If-Match` in the OpenAPI document. */
export const ifMatch = { 'If-Match': 'The ETag of what was read: 412 changed-meanwhile when it is another now.' }

/** Compares the tag of the resource once it is locked. @throws AppError `changed-meanwhile` */
export type Precondition = (etag: string) => void

/**
 * `If-Match` of a request, by strong comparison (RFC 9110, 13.1.1): a weak tag never matches.
 * @returns null without the header: the change has no precondition
 * @throws AppError `bad-request` where it is no list of tags
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
