#!/usr/bin/env bun
/** Prints what an authenticator app shows now: bun scripts/totp.ts SECRET, which is in base 32. */
import { codeOf } from './story/authenticator.ts'

const [secret] = process.argv.slice(2)
if (secret) process.stdout.write(`${codeOf(secret)}\n`)
else {
  process.stderr.write('usage: bun scripts/totp.ts SECRET\n')
  process.exit(64)
}
