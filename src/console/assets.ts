import { gunzipSync } from 'node:zlib'
import { type Bundle, readBundle } from './bundle.ts'

type Coding = 'br' | 'gzip' | 'identity'
export type Asset = { type: string; coding: Coding; bytes: Uint8Array }

let kept: Promise<Bundle> | undefined

/**
 * The bundle, read by the first request (or built, when run from source), so that a server whose console is not used
 * needs no memory for it.
 */
export function bundle(): Promise<Bundle> {
  kept ??= readBundle().catch((error) => {
    kept = undefined
    throw error
  })
  return kept
}

/** A file in the best coding that the browser accepts; null for an unknown name. */
export async function findAsset(name: string, acceptEncoding: string | undefined): Promise<Asset | null> {
  const file = (await bundle()).files.get(name)
  if (!file) return null
  const { type, brotli, gzip } = file
  if (brotli && accepts('br', acceptEncoding)) return { type, coding: 'br', bytes: brotli }
  if (accepts('gzip', acceptEncoding)) return { type, coding: 'gzip', bytes: gzip }
  return { type, coding: 'identity', bytes: gunzipSync(gzip) }
}

/**
 * Whether a coding is listed, with a weight above zero (RFC 9110, 12.5.3). Without the header the answer is not
 * compressed.
 */
function accepts(coding: string, acceptEncoding = ''): boolean {
  const listed = acceptEncoding.split(',', 32).map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/, 2),
  )
  return listed.some(([name, weight]) => name === coding && !/^q=0(?:\.0*)?$/.test(weight ?? ''))
}
