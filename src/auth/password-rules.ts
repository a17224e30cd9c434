import { z } from 'zod'
import type { FieldError } from '../errors.ts'
export const PresentedPassword = z.string().refine((t) => [...t].length >= 1 && [...t].length <= 256)
export function checkNewPassword(password: string, context: { minLength: number }): FieldError | undefined {
  if ([...password].length < context.minLength) return { path: 'password', message: 'too short', code: 'too-short' }
  return undefined
}
