#!/usr/bin/env bun
/**
 * Holds the import direction: main → app → routes → service → queries → db, and no way back.
 * Prints each violation as `file:line message` and exits 1.
 */
import { join, posix } from 'node:path'

export type Violation = { file: string; line: number; message: string }
type Import = { line: number; specifier: string; typeOnly: boolean; target: string | undefined }
type Module = { file: string; room: string; role: Role; imports: Import[] }
type Role = 'root' | 'base' | 'plumbing' | 'routes' | 'edge' | 'service' | 'queries'

/** Files in src/ itself that put the rest together. Every other file there is a base, which no feature's code runs in. */
const roots = new Set([
  ...['main', 'cli', 'command', 'create-admin-command', 'app', 'server', 'open-deps', 'doctor', 'client'],
])
/** Folders that are no feature: plumbing, which any code may use. */
const plumbing = new Set(['http', 'embedded'])
const maxLines = 200
const bannedNames = /^(?:utils?|helpers?|common|misc|index)$/
const environment = /\b(?:process|Bun|import\.meta)\s*(?:\??\.\s*env\b|\[\s*['"`]env['"`]\s*\])/

/** @param files path (`src/…`) → text; what is not in it counts as a package. */
export function checkImports(files: Map<string, string>): Violation[] {
  const modules = new Map<string, Module>()
  for (const [file, text] of files)
    if (/\.tsx?$/.test(file)) modules.set(file, { file, ...place(file), imports: scan(file, text, files) })
  const violations = [...modules.values()].flatMap((module) => [
    ...checkFile(module, files.get(module.file) ?? ''),
    ...module.imports.flatMap((found) => {
      const message = judge(module, found, modules)
      return message ? [{ file: module.file, line: found.line, message }] : []
    }),
    ...checkReach(module, modules),
  ])
  return [...violations, ...findCycles(modules)].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
}

function place(file: string): { room: string; role: Role } {
  const [, ...folders] = posix.dirname(file).split('/')
  const name = posix.basename(file).replace(/\.tsx?$/, '')
  const room = folders[0] ?? ''
  if (room === '') return { room, role: roots.has(name) ? 'root' : 'base' }
  if (plumbing.has(room)) return { room, role: 'plumbing' }
  if (/(?:^|-)routes$/.test(name)) return { room, role: 'routes' }
  if (/(?:^|-)queries$/.test(name)) return { room, role: 'queries' }
  if (/(?:^|-)(?:guards|openapi)$/.test(name)) return { room, role: 'edge' }
  return { room, role: 'service' }
}

/** The imports and re-exports of a file; an import whose names are all types counts as one of types. */
function scan(file: string, text: string, files: Map<string, string>): Import[] {
  const code = blankComments(text)
  const patterns = [
    /^[ \t]*(?:import|export)(\s+type\b(?!\s+from\b|\s*,))?\s*([\w$*{][^;'"`()=]*?)\s*\bfrom\s*(['"])([^'"]+)\3/gm,
    /^[ \t]*import()()\s*(['"])([^'"]+)\3/gm,
    /\b(?:import|require)()()\s*\(\s*(['"`])([^'"`$]+)\3/g,
  ]
  return patterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => {
      const [whole, type, names = '', , specifier = ''] = match
      const at = (match.index ?? 0) + whole.search(/\S/)
      const typeOnly = Boolean(type) || /^\{(?:\s*type\s[^,]+,?)+\s*\}$/.test(names.trim())
      return { line: lineAt(code, at), specifier, typeOnly, target: resolve(file, specifier, files) }
    }),
  )
}

function resolve(from: string, specifier: string, files: Map<string, string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = posix.join(posix.dirname(from), specifier)
  const candidates = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`, path.replace(/\.js$/, '.ts')]
  return candidates.find((candidate) => files.has(candidate)) ?? path
}

function judge({ room, role }: Module, { specifier, typeOnly, target }: Import, modules: Map<string, Module>) {
  if (isHono(specifier) && (role === 'service' || role === 'queries'))
    return `${specifier} is imported outside routes and guards: services and queries do not know HTTP`
  if (target === undefined) return undefined
  if (/^(?:scripts|tests|bench)\//.test(target)) return `src imports ${target}, which is not part of the program`
  const to = modules.get(target)
  if (!to) return undefined
  const own = to.room === room
  if (to.role === 'root' && role !== 'root') return `${target} puts the program together; only its like imports it`
  const toFeature = to.role !== 'base' && to.role !== 'plumbing'
  if (toFeature && role === 'plumbing') return `src/${room} knows no feature, but imports ${target}`
  if (toFeature && role === 'base' && !typeOnly) return `a base module runs code of the feature ${to.room}: ${target}`
  if (to.role === 'routes' && role !== 'root' && !(own && role === 'routes'))
    return `${target} is imported by something below the routes`
  if (to.role === 'queries' && role === 'routes' && own && !typeOnly)
    return `routes skip the service and call ${target} themselves`
  if (to.role === 'queries' && !own && role !== 'root')
    return `${target} belongs to the feature ${to.room}; go through its service`
  return undefined
}

function checkFile({ file }: Module, text: string): Violation[] {
  const violations: Violation[] = []
  const lines = text.replace(/\n$/, '').split('\n').length
  if (lines > maxLines)
    violations.push({ file, line: maxLines + 1, message: `${lines} lines; ${maxLines} are the most` })
  const banned = file.split('/').find((part) => bannedNames.test(part.replace(/\.tsx?$/, '')))
  if (banned)
    violations.push({ file, line: 1, message: `${banned} says nothing about what is in it; name it after that` })
  if (file === 'src/main.ts') return violations
  blankComments(text)
    .split('\n')
    .forEach((line, i) => {
      if (environment.test(line))
        violations.push({ file, line: i + 1, message: 'only src/main.ts reads the environment; pass the value in' })
    })
  return violations
}

/** What a service runs must not know HTTP either: follows its value imports, and names the way to hono. */
function checkReach(module: Module, modules: Map<string, Module>): Violation[] {
  if (module.role !== 'service' && module.role !== 'queries') return []
  return values(module).flatMap(({ line, target = '' }) => {
    const way = wayToHono(target, modules, new Set([module.file]))
    return way ? [{ file: module.file, line, message: `reaches hono: ${way.join(' → ')}` }] : []
  })
}

function wayToHono(file: string, modules: Map<string, Module>, seen: Set<string>): string[] | undefined {
  const module = modules.get(file)
  if (!module || seen.has(file)) return undefined
  seen.add(file)
  const direct = module.imports.find(({ specifier, typeOnly }) => !typeOnly && isHono(specifier))
  if (direct) return [file, direct.specifier]
  for (const { target = '' } of values(module)) {
    const way = wayToHono(target, modules, seen)
    if (way) return [file, ...way]
  }
  return undefined
}

function findCycles(modules: Map<string, Module>): Violation[] {
  const done = new Set<string>()
  const violations: Violation[] = []
  function visit(module: Module, path: string[]): void {
    done.add(module.file)
    for (const { line, target = '' } of values(module)) {
      const next = modules.get(target)
      if (!next) continue
      const way = [...path, module.file]
      const start = way.indexOf(target)
      if (start >= 0)
        violations.push({ file: module.file, line, message: `a cycle: ${[...way.slice(start), target].join(' → ')}` })
      else if (!done.has(target)) visit(next, way)
    }
  }
  for (const module of modules.values()) if (!done.has(module.file)) visit(module, [])
  return violations
}

function values({ imports }: Module): Import[] {
  return imports.filter(({ typeOnly }) => !typeOnly)
}

function isHono(specifier: string): boolean {
  return /^(?:@hono\/|hono(?:$|[-/]))/.test(specifier)
}

/** Comments become spaces, strings stay, lines keep their numbers. */
function blankComments(text: string): string {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g
  return text.replace(tokens, (token) => (token.startsWith('/') ? token.replace(/[^\n]/g, ' ') : token))
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

if (import.meta.main) {
  const root = join(import.meta.dir, '..')
  const files = new Map<string, string>()
  for (const file of new Bun.Glob('src/**/*.{ts,tsx}').scanSync(root))
    files.set(file, await Bun.file(join(root, file)).text())
  const violations = checkImports(files)
  for (const { file, line, message } of violations) process.stdout.write(`${file}:${line} ${message}\n`)
  if (violations.length === 0) process.stdout.write(`Import direction holds in ${files.size} files.\n`)
  process.exit(violations.length === 0 ? 0 : 1)
}
