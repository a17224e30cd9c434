import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeBundle } from '../src/console/bundle.ts'

/**
 * Builds the console's bundle, and a plugin that puts it into the program: the module that builds the bundle from
 * source is replaced by one that reads it, so that the program needs neither sources nor bundler.
 * @param directory for the files until the program is written
 * @returns also the inputs of the bundle, which the program's metafile lacks
 */
export async function embedConsole(directory: string): Promise<{ plugin: Bun.BunPlugin; metafile: Bun.BuildMetafile }> {
  const { bundle, metafile } = await makeBundle({ brotli: true })
  const { script, style, files } = bundle
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const lines: string[] = []
  const entries: string[] = []
  for (const [i, [name, { type, gzip, brotli }]] of [...files].entries()) {
    for (const [coding, bytes] of [['gz', gzip] as const, ['br', brotli ?? gzip] as const]) {
      const path = join(directory, `${name}.${coding}`)
      await Bun.write(path, bytes)
      lines.push(`import ${coding}${i} from ${JSON.stringify(path)} with { type: 'file' }`)
    }
    entries.push(`[${JSON.stringify(name)}, await file(${JSON.stringify(type)}, gz${i}, br${i})]`)
  }
  const contents = `${lines.join('\n')}
const bytes = async (path) => new Uint8Array(await Bun.file(path).arrayBuffer())
const file = async (type, gzip, brotli) => ({ type, gzip: await bytes(gzip), brotli: await bytes(brotli) })
export async function readBundle() {
  return { script: ${JSON.stringify(script)}, style: ${JSON.stringify(style)}, files: new Map([${entries.join(', ')}]) }
}
`
  const plugin: Bun.BunPlugin = {
    name: 'console, made',
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/]console[\\/]bundle\.ts$/ }, () => ({ contents, loader: 'js' }))
    },
  }
  return { plugin, metafile }
}
