import { describe, test } from 'bun:test'

type Describe = (name: string, tests: () => void | Promise<void>) => void

/**
 * `describe` for tests of real programs that may not be installed: without them the tests are skipped, with a message;
 * in CI they run and fail.
 */
export function describeWith(programs: string[], install: string): Describe {
  const missing = programs.filter((program) => !Bun.which(program))
  if (missing.length === 0 || process.env.CI) return describe
  process.stderr.write(`SKIPPED: ${missing.join(', ')} is missing (apt-get install ${install})\n`)
  // Bun runs the body of a skipped `describe`, which would start the programs.
  return (name) => describe(name, () => test.skip(`needs ${missing.join(', ')}`, () => {}))
}

/**
 * `describe` for tests that fetch an npm package: in CI, and where TEST_REGISTRY is set. Elsewhere they are skipped,
 * with a message, because the suite must run without a network.
 */
export const describeWithRegistry: Describe = (name, tests) => {
  if (process.env.CI || process.env.TEST_REGISTRY) return describeWith(['node', 'npm'], 'nodejs npm')(name, tests)
  process.stderr.write(`SKIPPED: ${name} (set TEST_REGISTRY=1 to fetch from npm)\n`)
  describe(name, () => test.skip('needs the registry of npm', () => {}))
}
