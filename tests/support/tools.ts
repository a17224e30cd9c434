import { describe } from 'bun:test'

/**
 * `describe` for tests of real programs that not everybody has installed: without one they are skipped, loudly; in CI
 * they run all the same, and fail.
 */
export function describeWith(programs: string[], install: string): typeof describe | typeof describe.skip {
  const missing = programs.filter((program) => !Bun.which(program))
  if (missing.length === 0 || process.env.CI) return describe
  process.stderr.write(`SKIPPED: ${missing.join(', ')} is missing (apt-get install ${install})\n`)
  return describe.skip
}
