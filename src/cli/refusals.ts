import { closeSync, fchmodSync, fstatSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import type { Refusal } from '../import/import-accounts.ts'
import { escapeHidden } from '../text/shown-text.ts'

/** The output for refused lines of an import. */
export type Refusals = { add(refusal: Refusal): void; close(): void }

/**
 * Opens the output for refused lines: a file with a JSON object per line, with the reason, or for null standard error.
 * The file has mode 0600 because it repeats the lines; standard error gets the address only, and no hash. Without
 * refusals no file is left.
 * @throws Error when the file cannot be written
 */
export function openRefusals(file: string | null): Refusals {
  if (file === null)
    return { add: (refusal) => void process.stderr.write(`${clearLine()}${toBrief(refusal)}\n`), close() {} }
  const descriptor = openSync(file, 'w', 0o600)
  const isRegular = fstatSync(descriptor).isFile()
  if (isRegular) fchmodSync(descriptor, 0o600)
  let count = 0
  return {
    // Written at once, so that it is not lost if the program is killed.
    add(refusal) {
      count++
      writeSync(descriptor, `${toWhole(refusal)}\n`)
    },
    close() {
      closeSync(descriptor)
      if (count === 0 && isRegular) rmSync(file, { force: true })
    },
  }
}

/** Whether two paths name the same file. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }))
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

/** Clears the progress on the terminal's line. */
function clearLine(): string {
  return process.stderr.isTTY ? '\r\x1b[K' : ''
}

function reasonOf({ errors }: Refusal): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ')
}

function toWhole(refusal: Refusal): string {
  const { line, errors, text } = refusal
  return `{"line":${line},"reason":${JSON.stringify(reasonOf(refusal))},"errors":${JSON.stringify(errors)},"account":${asJson(text)}}`
}

function toBrief(refusal: Refusal): string {
  const { line, errors, text } = refusal
  const account: unknown = JSON.parse(asJson(text))
  const address = account instanceof Object && 'email' in account ? account.email : undefined
  const email = typeof address === 'string' ? address.slice(0, 320) : undefined
  return escapeHidden(JSON.stringify({ line, reason: reasonOf(refusal), errors, email }))
}

/** The original line where it is JSON, so that it can be corrected and imported again. */
function asJson(text: string | null): string {
  try {
    JSON.parse(text ?? 'null')
    return text ?? 'null'
  } catch {
    return JSON.stringify(text)
  }
}
