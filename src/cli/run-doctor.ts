import { ConfigError } from '../config/config-error.ts'
import type { Invocation } from './command.ts'
import { diagnose } from './doctor.ts'
import { type Prepared, prepare } from './environment.ts'
import { describeFinding, type Finding, summarise } from './finding.ts'

/** `doctor`: reports an invalid configuration as its first finding. */
export async function runDoctor(invocation: Invocation): Promise<number> {
  let prepared: Prepared
  try {
    prepared = await prepare(invocation)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const findings = error.problems.map((detail): Finding => ({ name: 'configuration', state: 'wrong', detail }))
    for (const finding of findings) invocation.print(describeFinding(finding))
    invocation.print(`${summarise(findings)} Without that nothing starts, so nothing else was looked at.`)
    return 1
  }
  try {
    return (await diagnose(prepared.config, invocation.print)) ? 0 : 1
  } finally {
    await prepared.database?.stop()
  }
}
