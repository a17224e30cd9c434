#!/usr/bin/env bun
/** Prints what an authenticator app shows now, or half minutes ahead: bun scripts/totp.ts SECRET [STEPS]; the secret is in base 32. */
import { codeOf } from './story/authenticator.ts'

const [secret, stepsAhead = '0'] = process.argv.slice(2)
if (secret) process.stdout.write(`${codeOf(secret, Number(stepsAhead))}\n`)
else {
  process.stderr.write('usage: bun scripts/totp.ts SECRET [STEPS]\n')
  process.exit(64)
}
