#!/usr/bin/env bun
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import manifest from '../package.json'
import { createApp } from '../src/app.ts'
import type { AppDeps } from '../src/app-deps.ts'
import { type ProblemCode, problems } from '../src/errors/app-error.ts'
import { problemMembers } from '../src/errors/problem-members.ts'
import { openApiDocument } from '../src/ops/openapi.ts'
import { loadConfig } from '../src/room-config.ts'
import { type Document, type ProblemType, toDeclarations } from './client/declarations.ts'
import { readOptions } from './options.ts'

const root = join(import.meta.dir, '..')
const usage = `Makes the npm package of the typed client: bun run build:client [options]

  --outdir DIR   default dist/client
  --help         this text`
const { values: options } = readOptions(usage, {
  options: { outdir: { type: 'string', default: join(root, 'dist/client') } },
})
const { outdir } = options

await rm(outdir, { recursive: true, force: true })
await mkdir(outdir, { recursive: true })
const document = (await openApiDocument(createApp(inertDeps()), 'http://localhost')) as Document
await Bun.write(join(outdir, 'client.d.ts'), toDeclarations(document, Object.entries(problems).map(toProblemType)))
await Bun.build({
  entrypoints: [join(root, 'src/client.ts')],
  outdir,
  target: 'browser',
  format: 'esm',
  packages: 'external',
})
await Bun.write(join(outdir, 'package.json'), `${JSON.stringify(packageManifest(), null, 2)}\n`)
await cp(join(root, 'scripts/client/README.md'), join(outdir, 'README.md'))
await cp(join(root, 'LICENSE'), join(outdir, 'LICENSE'))
const sizes = ['client.js', 'client.d.ts'].map(
  (name) => `${name} ${(Bun.file(join(outdir, name)).size / 1e3).toFixed(1)} kB`,
)
process.stdout.write(`${outdir}: ${manifest.version}, ${sizes.join(', ')}\n`)

function packageManifest() {
  return {
    name: '@manas360/client',
    version: manifest.version,
    description: 'The typed client of MANAS360',
    license: manifest.license,
    type: 'module',
    sideEffects: false,
    exports: { '.': { types: './client.d.ts', default: './client.js' } },
    types: './client.d.ts',
    files: ['client.js', 'client.d.ts'],
    peerDependencies: { hono: `^${manifest.dependencies.hono}` },
  }
}

function toProblemType([code, { status }]: [string, { status: number }]): ProblemType {
  const shape = (problemMembers as Partial<Record<ProblemCode, z.core.$ZodLooseShape>>)[code as ProblemCode]
  return { code, status, members: shape ? (z.toJSONSchema(z.object(shape)) as ProblemType['members']) : null }
}

/** Deps for mounting the routes without calling them: every member exists and does nothing. */
function inertDeps(): AppDeps {
  const secrets = Object.fromEntries(['JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY'].map((name) => [name, secret()]))
  const config = loadConfig({ NODE_ENV: 'test', ...secrets, DATABASE_URL: 'postgres://nobody@localhost/none' })
  const inert: object = new Proxy(() => inert, { get: () => inert })
  return new Proxy({ config } as AppDeps, { get: (target, key) => Reflect.get(target, key) ?? inert })
}

function secret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(48))).toString('base64url')
}
