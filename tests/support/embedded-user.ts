import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'

/** Opens the data directory that is its argument, says where, and then does what it is told: "stop" or "exit". */
const postgres = await openEmbeddedPostgres({ dataDir: process.argv[2] ?? '' })
process.stdout.write(`${postgres.url}\n`)
for await (const line of console) {
  if (line === 'stop') await postgres.stop()
  process.exit(0)
}
