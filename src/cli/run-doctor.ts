import { ConfigError } from '../config/config-error.ts'
import type { Invocation } from './command.ts'
import { diagnose } from './doctor.ts'
import { type Prepared, prepare } from './environment.ts'

/** `doctor`: an invalid configuration is its first finding. */
export async function runDoctor(invocation: Invocation): Promise<number> {
  let prepared: Prepared
  try {
    prepared = await prepare(invocation)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) invocation.print(`✗ configuration: ${problem}`)
    return 1
  }
  try {
    return (await diagnose(prepared.config, invocation.print)) ? 0 : 1
  } finally {
    await prepared.database?.stop()
  }
}
