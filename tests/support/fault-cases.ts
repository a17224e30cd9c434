import { afterAll, expect, test } from 'bun:test'
import type { Case } from '../../scripts/faults/case.ts'
import { faultsOf, runCase } from '../../scripts/faults/run.ts'
import { openStand } from '../../scripts/faults/stand.ts'
import { compiledProgram } from './compiled.ts'

/** Each of the cases in its short form, as a test: acknowledged writes exist, once, whatever the fault. */
export async function testCases(cases: readonly Case[]): Promise<void> {
  const stand = await openStand({ program: [await compiledProgram()], signal: new AbortController().signal })
  afterAll(stand.close)
  for (const one of cases)
    test(`${one.name}: ${one.about}`, async () => {
      const result = await runCase(stand, one, { times: one.times.short, isShort: true })
      expect(faultsOf(result)).toEqual([])
      if (result.kind !== 'skipped') return
      process.stderr.write(`SKIPPED: ${one.name}: ${result.reason}\n`)
      // CI installs missing programs; missing rights cannot be obtained.
      if (process.env.CI) expect(result.reason).not.toContain('apt-get')
    }, 600_000)
}
