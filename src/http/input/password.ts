import { z } from 'zod'

export const maxCodePoints = 256

/** A password to verify: no rules of new passwords apply, but it is bounded before hashing. */
export const PresentedPassword = z
  .string()
  .min(1, { error: 'A password has at least one character.', abort: true })
  .refine(
    (text) => text.length <= 2 * maxCodePoints && countCodePoints(text) <= maxCodePoints,
    `A password has at most ${maxCodePoints} characters.`,
  )
  .meta({ format: 'password', maxLength: maxCodePoints, description: 'Any characters; compared as NFKC.' })

/** The number of Unicode code points. */
export function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
