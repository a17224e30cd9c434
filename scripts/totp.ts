#!/usr/bin/env bun
/**
 * Prints the code of an authenticator app now, or some steps of 30 s ahead: bun scripts/totp.ts SECRET [STEPS]; the
 * secret is in base 32.
 */
import { codeOf } from './story/authenticator.ts'

const [secret, stepsAhead = '0'] = process.argv.slice(2)
if (secret) process.stdout.write(`${codeOf(secret, Number(stepsAhead))}\n`)
else {
  process.stderr.write('usage: bun scripts/totp.ts SECRET [STEPS]\n')
  process.exit(64)
}
