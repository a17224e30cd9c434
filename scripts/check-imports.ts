#!/usr/bin/env bun
/**
 * Checks of src/ that the linter lacks: queries are called by services of their own room only, services and queries do
 * not import HTTP, only main.ts reads the environment, no file is longer than 200 lines, and no file has a banned name.
 * The linter checks the order of rooms and circles (scripts/rooms.ts). Prints each violation as `file:line message` and
 * exits 1.
 */
import { join, posix } from 'node:path'

type Violation = { file: string; line: number; message: string }

const maxLines = 200
const bannedNames = /^(?:utils?|helpers?|common|misc|index)$/
const environment = /\b(?:process|Bun|import\.meta)\s*(?:\??\.\s*env\b|\[\s*['"`]env['"`]\s*\])/
/** Rooms that are about HTTP, and files of other rooms that may import it. */
const httpRooms = /^src\/(?:[^/]+\.ts$|http\/|ops\/|cli\/|console\/browser\/|telemetry\/|idempotency\/|rate-limits\/)/
const httpFiles = /(?:^|-|\/)(?:routes|guards?|middleware|bearer)\.ts$/

/** Finds all violations. @param files path (`src/…`) → text */
export function checkImports(files: Map<string, string>): Violation[] {
  return [...files].flatMap(([file, text]) => [
    ...checkFile(file, text),
    ...importsOf(text).flatMap(({ line, specifier, typeOnly }) => {
      const message = violationOf(file, specifier, typeOnly)
      return message ? [{ file, line, message }] : []
    }),
  ])
}

function violationOf(file: string, specifier: string, typeOnly: boolean): string | undefined {
  if (/^(?:@hono\/|hono(?:$|[-/]))/.test(specifier) && !httpRooms.test(file) && !httpFiles.test(file))
    return `${specifier} is imported outside routes, guards and middleware: services and queries do not know HTTP`
  if (!specifier.startsWith('.')) return undefined
  const target = posix.join(posix.dirname(file), specifier)
  if (/^(?:scripts|tests|bench)\//.test(target)) return `src imports ${target}, which is not part of the program`
  const own = posix.dirname(target) === posix.dirname(file)
  if (/(?:^|-|\/)queries\.ts$/.test(target) && !typeOnly) {
    if (own && /(?:^|-|\/)routes\.ts$/.test(file)) return `routes skip the service and call ${target} themselves`
    if (!own && !isRoot(file)) return `${target} belongs to its own room; go through its service`
  }
  return undefined
}

const isRoot = (file: string) => posix.dirname(file) === 'src'

function importsOf(text: string): { line: number; specifier: string; typeOnly: boolean }[] {
  const pattern = /^[ \t]*(?:import|export)(\s+type\b(?!\s*,))?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm
  return [...blankComments(text).matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    specifier: match[2] ?? '',
    typeOnly: Boolean(match[1]),
  }))
}

function checkFile(file: string, text: string): Violation[] {
  const violations: Violation[] = []
  const lines = text.replace(/\n$/, '').split('\n').length
  if (lines > maxLines)
    violations.push({ file, line: maxLines + 1, message: `${lines} lines; ${maxLines} are the most` })
  const banned = file.split('/').find((part) => bannedNames.test(part.replace(/\.tsx?$/, '')))
  if (banned)
    violations.push({ file, line: 1, message: `${banned} says nothing about what is in it; name it after that` })
  if (file === 'src/main.ts') return violations
  for (const [i, line] of blankComments(text).split('\n').entries())
    if (environment.test(withoutStrings(line)))
      violations.push({ file, line: i + 1, message: 'only src/main.ts reads the environment; pass the value in' })
  return violations
}

/** A string reads no variable, such as the name that a bundle defines; `['env']` is kept. */
const withoutStrings = (line: string): string => line.replace(/(['"])(?!env\1)(?:\\.|(?!\1)[^\\])*\1/g, "''")

/** Replaces comments by spaces; strings stay, and lines keep their numbers. */
function blankComments(text: string): string {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g
  return text.replace(tokens, (token) => (token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token))
}

if (import.meta.main) {
  const root = join(import.meta.dir, '..')
  const files = new Map<string, string>()
  for (const file of new Bun.Glob('src/**/*.{ts,tsx}').scanSync(root))
    files.set(file, await Bun.file(join(root, file)).text())
  const violations = checkImports(files)
  for (const { file, line, message } of violations) process.stdout.write(`${file}:${line} ${message}\n`)
  if (violations.length === 0) process.stdout.write(`Imports are in order in ${files.size} files.\n`)
  process.exit(violations.length === 0 ? 0 : 1)
}
