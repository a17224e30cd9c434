#!/usr/bin/env bun
import { hash, verify } from '@node-rs/argon2'

/** Prints the microseconds of a core for one check of a password by argon2id, in a process that does nothing else. */
const password = 'seven quiet herons at dawn'
const stored = await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
const checks = 200
const before = process.cpuUsage()
for (let i = 0; i < checks; i++) await verify(stored, password)
const { user, system } = process.cpuUsage(before)
process.stdout.write(`${(user + system) / checks}\n`)
