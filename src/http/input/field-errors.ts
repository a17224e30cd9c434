import type { z } from 'zod'
import { AppError, type FieldError } from '../../errors/app-error.ts'

/** The most errors of an answer, which must not grow with hostile input. */
export const maxErrors = 100
const maxPathLength = 200

/** The refusal that names each wrong value, at most 100 of them. */
export function refusal(errors: FieldError[]): AppError {
  return new AppError('validation-failed', { errors: errors.slice(0, maxErrors) })
}

/** The issues of zod as field errors, at most 100, without any value. */
export function toFieldErrors(issues: z.core.$ZodIssue[]): FieldError[] {
  return issues.slice(0, maxErrors).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => fieldError('unrecognized-keys', ...issue.path, key))
    }
    return [{ path: toPath(issue.path), message: plainMessage(issue), code: issue.code.replaceAll('_', '-') }]
  })
}

const messages = {
  'unrecognized-keys': 'This is not known here.',
  'malformed-encoding': 'Encode the parameter as percent-encoded UTF-8.',
  'duplicate-parameter': 'This parameter appears twice.',
  'nul-character': 'Remove the NUL character.',
}

/** The error of one member or parameter, by its path. */
export function fieldError(code: keyof typeof messages, ...path: PropertyKey[]): FieldError {
  return { path: toPath(path), message: messages[code], code }
}

/** Zod's message; for a missing value without a message of its own, a plainer one. */
function plainMessage({ code, message }: z.core.$ZodIssue): string {
  return code === 'invalid_type' && message.endsWith('received undefined') ? 'This is required.' : message
}

function toPath(path: PropertyKey[]): string {
  return path.map(String).join('.').slice(0, maxPathLength).toWellFormed()
}
