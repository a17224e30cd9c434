#!/usr/bin/env bun
/**
 * Lists only what the bundler put into the program (`*.meta.json`, written by scripts/build.ts), with licences and
 * purls from the packages, SHA-512 from the lock file, our patches, and components without a package: Bun itself,
 * Swagger UI and the word lists. The same program gives the same bytes.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { BunLockFile } from 'bun'
import lockFile from '../bun.lock'
import manifest from '../package.json'
import { readOptions } from './options.ts'

type Hash = { alg: 'SHA-256' | 'SHA-512'; content: string }
type Component = {
  type: string
  group?: string
  name: string
  version?: string
  'bom-ref': string
  hashes?: Hash[]
  [member: string]: unknown
}
type Bom = {
  metadata: { component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn?: string[] }[]
}
type Patch = { type: 'unofficial'; diff: { text: { content: string } } }

const root = join(import.meta.dir, '..')
const lock: BunLockFile = lockFile
const patched: Record<string, string> = manifest.patchedDependencies
const mit = [{ license: { id: 'MIT' } }]

/**
 * Components that are compiled in but are no packages of the lock file. The versions are those in the files' own
 * comments.
 */
const vendored: Component[] = [
  component('platform', 'bun', Bun.version, `pkg:github/oven-sh/bun@bun-v${Bun.version}`, mit),
  component('library', 'swagger-ui-dist', '5.35.0', 'pkg:npm/swagger-ui-dist@5.35.0', [
    { license: { id: 'Apache-2.0' } },
  ]),
  component('data', 'SecLists common passwords', undefined, 'pkg:github/danielmiessler/SecLists', [
    { license: { id: 'CC-BY-SA-3.0' } },
  ]),
  component('data', '@zxcvbn-ts common words', undefined, 'pkg:npm/%40zxcvbn-ts/language-common', mit),
]

const usage = `Writes the bill of materials of a compiled program, in CycloneDX 1.6, beside it: bun run sbom [PROGRAM]

  PROGRAM   default dist/manas360; its bill is dist/manas360.cdx.json
  --help    this text`
const [given = join(root, 'dist/manas360')] = readOptions(usage, { allowPositionals: true }).positionals
const binary = resolve(given)
for (const file of [binary, `${binary}.meta.json`])
  if (!existsSync(file)) fail(`${file} is missing; run: bun run build`)

const bom = inventory(`${binary}.meta.json`)
const { component: program } = bom.metadata
program.hashes = [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(binary)).digest('hex') }]
for (const one of bom.components) {
  one.hashes = [integrityOf(one)]
  const patches = patchesOf(one)
  if (patches.length > 0) one.pedigree = { patches }
}
bom.components.push(...vendored)
bom.dependencies.push(...vendored.map((one) => ({ ref: one['bom-ref'] })))
const own = bom.dependencies.find(({ ref }) => ref === program['bom-ref'])
own?.dependsOn?.push(...vendored.map((one) => one['bom-ref']))

const text = `${JSON.stringify(bom, undefined, 1)}\n`
await Bun.write(`${binary}.cdx.json`, text)
process.stdout.write(
  `${binary}.cdx.json: ${bom.components.length} components, ${(text.length / 1000).toFixed(0)} kB, CycloneDX 1.6\n`,
)

/** The packages of the bundler's metafile, listed by CycloneDX's own tool. */
function inventory(metafile: string): Bom {
  const tool = join(root, 'node_modules/@cyclonedx/cyclonedx-esbuild/bin/cyclonedx-esbuild-cli.js')
  const flags = ['--build-working-dir', root, '--spec-version', '1.6', '--output-reproducible', '--output-file', '-']
  const { success, stdout, stderr } = Bun.spawnSync([process.execPath, tool, ...flags, metafile], { cwd: root })
  if (!success) fail(stderr.toString())
  return JSON.parse(stdout.toString()) as Bom
}

function integrityOf(one: Component): Hash {
  const wanted = `${nameOf(one)}@${one.version}`
  const found = Object.values(lock.packages).find(([name]) => name === wanted)
  const integrity = found?.[3]
  if (!integrity?.startsWith('sha512-')) fail(`bun.lock has no SHA-512 of ${wanted}`)
  return { alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }
}

function patchesOf(one: Component): Patch[] {
  const file = patched[`${nameOf(one)}@${one.version}`]
  return file ? [{ type: 'unofficial', diff: { text: { content: readFileSync(join(root, file), 'utf8') } } }] : []
}

function nameOf({ group, name }: Component): string {
  return group ? `${group}/${name}` : name
}

function component(
  type: string,
  name: string,
  version: string | undefined,
  purl: string,
  licenses: object[],
): Component {
  return { type, name, ...(version && { version }), 'bom-ref': purl, licenses, purl }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
