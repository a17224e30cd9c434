#!/usr/bin/env bun
import { RecentChanges } from '../src/changes/recent-changes.ts'
import { createMemoryTier } from '../src/rate-limits/memory-limiter.ts'

/**
 * The memory of one instance for its largest caches and queues, as a table: `bun bench/memory.ts`. Each figure is
 * measured in a process of its own, after garbage collection, as the difference to an idle process.
 */
const minute = 60_000

/** IPv4 addresses and IPv6 /64s in turn, in the form of the limiter's keys. */
const address = (i: number) =>
  i % 2
    ? `${i >>> 24}.${(i >>> 16) & 255}.${(i >>> 8) & 255}.${i & 255}`
    : `2001:db8:${(i >>> 16).toString(16)}:${(i & 65_535).toString(16)}:0:0:0:0/64`

const cases: Record<string, () => { held: number; keep: unknown }> = {
  '100,000 recent changes': () => {
    const recentChanges = new RecentChanges(900)
    const now = Date.now()
    for (let i = 0; i < 100_000; i++) recentChanges.apply(changeOf(Bun.randomUUIDv7(), i), now)
    return { held: recentChanges.size, keep: recentChanges }
  },
  '1,000,000 addresses in one tier': () => flood(1_000_000),
  '10,000,000 addresses in one tier': () => flood(10_000_000),
}

function flood(count: number) {
  const tier = createMemoryTier(15 * minute)
  for (let i = 0; i < count; i++) tier.consume(address(i), 100)
  return { held: tier.size(), keep: tier }
}

function changeOf(accountId: string, id: number) {
  return {
    id: String(id),
    accountId,
    version: 2,
    kind: 'state' as const,
    role: 'user',
    privilegeLevel: 10,
    plan: 'free',
    planExpiresAt: null,
    payerId: null,
    overrides: {},
    status: 'active' as const,
    sessionId: null,
    exceptSessionId: null,
    catalogueVersion: null,
    at: new Date(),
  }
}

const [asked] = process.argv.slice(2)
if (asked !== undefined) measure(asked)
else await printTable()

function measure(name: string): void {
  const before = settle()
  const made = cases[name]?.()
  const grown = settle() - before
  process.stdout.write(JSON.stringify({ held: made?.held, megabytes: grown / 1e6, kept: made?.keep !== undefined }))
}

function settle(): number {
  Bun.gc(true)
  Bun.gc(true)
  return process.memoryUsage.rss()
}

async function printTable(): Promise<void> {
  process.stdout.write('| asked to hold | holds | resident memory added |\n|---|---|---|\n')
  for (const name of Object.keys(cases)) {
    const child = Bun.spawn([process.execPath, import.meta.path, name], { stdout: 'pipe', stderr: 'inherit' })
    const { held, megabytes } = JSON.parse(await new Response(child.stdout).text())
    process.stdout.write(`| ${name} | ${held.toLocaleString('en')} | ${Math.round(megabytes)} MB |\n`)
  }
}
