import type { FieldError } from '../../errors/app-error.ts'
import { fieldError, maxErrors, refusal } from './field-errors.ts'

const noQuery: Readonly<Record<string, string>> = Object.freeze({})

/**
 * The query's parameters. Hono's reader would hide a repeated, undecodable or inherited name (`constructor`).
 * @throws AppError `validation-failed` for one that is repeated, unnamed or not to be decoded
 */
export function readQuery(url: string): Readonly<Record<string, string>> {
  const start = url.indexOf('?')
  if (start === -1) return noQuery
  const found = new Map<string, string>()
  const errors: FieldError[] = []
  for (const pair of url.slice(start + 1).split('&')) {
    if (pair === '') continue
    if (errors.length === maxErrors) break
    const [name, value] = splitPair(pair).map(decode)
    if (name === undefined || value === undefined) errors.push(fieldError('malformed-encoding', name ?? ''))
    else if (name === '') errors.push(fieldError('unrecognized-keys', name))
    else if (found.has(name)) errors.push(fieldError('duplicate-parameter', name))
    else if (name.includes('\0') || value.includes('\0')) errors.push(fieldError('nul-character', name))
    else found.set(name, value)
  }
  if (errors.length > 0) throw refusal(errors)
  return Object.fromEntries(found)
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=')
  return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
