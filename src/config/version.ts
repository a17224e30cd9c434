import { version as packageVersion } from '../../package.json'

// Defined by scripts/build.ts; undefined when run from source.
declare const BUILD_VERSION: string | undefined
declare const BUILD_COMMIT: string | undefined

/** The running release, and the git commit of its build (`source` without a build). */
export const version: { version: string; commit: string } = {
  version: typeof BUILD_VERSION === 'string' ? BUILD_VERSION : packageVersion,
  commit: typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : 'source',
}
