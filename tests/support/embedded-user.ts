import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'

/** Opens the data directory of its argument, prints the URL, and then follows the commands "stop" and "exit". */
const postgres = await openEmbeddedPostgres({ dataDir: process.argv[2] ?? '' })
process.stdout.write(`${postgres.url}\n`)
for await (const line of console) {
  if (line === 'stop') await postgres.stop()
  process.exit(0)
}
