import { version as packageVersion } from '../../package.json'

// Put in by scripts/build.ts; a run from source has neither.
declare const BUILD_VERSION: string | undefined
declare const BUILD_COMMIT: string | undefined

/** What runs here: the release, and the git commit that it was built from (`source` when it was not built). */
export const version: { version: string; commit: string } = {
  version: typeof BUILD_VERSION === 'string' ? BUILD_VERSION : packageVersion,
  commit: typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : 'source',
}
