import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** A file of the bundle. Its name holds the hash of its content, so that browsers may cache it for good. */
type BundledFile = { type: string; gzip: Uint8Array; brotli: Uint8Array | null }
/** The files that the page loads first, and every file by its name. */
export type Bundle = { script: string; style: string; files: ReadonlyMap<string, BundledFile> }

type Metafile = Bun.BuildMetafile

const sources = join(import.meta.dir, 'browser')
const types: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/**
 * When run from source, the first request builds the bundle; `scripts/build.ts` replaces this module by the built one.
 */
export const readBundle = async (): Promise<Bundle> => (await makeBundle({ brotli: false })).bundle

/**
 * The console's browser code, bundled, minified and compressed; each page is a file of its own, loaded when it is
 * opened.
 * @param brotli whether to compress with Brotli too, which takes about a second
 * @returns the bundle, and its inputs for the bill of materials
 */
export async function makeBundle({ brotli }: { brotli: boolean }): Promise<{ bundle: Bundle; metafile: Metafile }> {
  const { outputs, metafile = { inputs: {}, outputs: {} } } = await Bun.build({
    entrypoints: [join(sources, 'console.tsx')],
    target: 'browser',
    format: 'esm',
    splitting: true,
    minify: true,
    naming: { entry: '[name]-[hash].[ext]', chunk: 'part-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    define: { 'process.env.NODE_ENV': '"production"' },
    metafile: true,
    plugins: [clientFromSource],
  })
  const files = new Map<string, BundledFile>()
  for (const output of outputs) {
    const name = output.path.replace(/^.*[\\/]/, '')
    const type = types[name.slice(name.lastIndexOf('.') + 1)]
    if (!type) throw new Error(`the console's bundle holds ${name}, which has no media type`)
    const bytes = new Uint8Array(await output.arrayBuffer())
    files.set(name, { type, gzip: gzipSync(bytes, { level: 9 }), brotli: brotli ? toBrotli(bytes) : null })
  }
  const nameOf = (extension: string) => {
    const name = [...files.keys()].find((one) => one.startsWith('console-') && one.endsWith(extension))
    if (!name) throw new Error(`the console's bundle has no console-….${extension}`)
    return name
  }
  return { bundle: { script: nameOf('js'), style: nameOf('css'), files }, metafile }
}

/** The sources import the client by its package name; its types are the package's, its code is in src/client.ts. */
const clientFromSource: Bun.BunPlugin = {
  name: 'client from source',
  setup(build) {
    build.onResolve({ filter: /^@manas360\/client$/ }, () => ({ path: join(import.meta.dir, '../client.ts') }))
  },
}

function toBrotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  })
}
