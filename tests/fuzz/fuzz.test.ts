import { test } from 'bun:test'
import { appendFile } from 'node:fs/promises'
import fc from 'fast-check'
import { openApiDocument } from '../../src/ops/openapi.ts'
import { openTestApp } from '../support/app.ts'
import { openIdentityProvider } from '../support/identity-provider.ts'
import { callbackOf } from '../support/journeys.ts'
import { type Attempt, attemptsOf, type InputDocument, operationsOf } from './attempts.ts'
import { createJudge, type Tally } from './judge.ts'
import { fuzzedEnvironment, givenWorld } from './world.ts'

/**
 * Requests made from the OpenAPI document, over every operation and every member, as whoever may come; the same ones every
 * time. `bun run fuzz` sends others, as many as it is told to (scripts/fuzz.ts), by these variables.
 */
const { TEST_FUZZ_SEED: seed = '20261128', TEST_FUZZ_REQUESTS: requests = '4000', TEST_FUZZ_OUT: out } = process.env
/** People log themselves out and erase themselves: others come after so many requests. */
const perWorld = 250

const provider = await openIdentityProvider([callbackOf('clinic')], {
  asha: { email: 'asha@people.test', email_verified: true },
})
const app = await openTestApp(fuzzedEnvironment(provider))
const document = (await openApiDocument(app.app, 'http://localhost:3000')) as InputDocument
const operations = operationsOf(document)
const tally: Tally = new Map()
const judge = createJudge(app, operations, tally)

test('no request is answered by a fault, by something that the document does not tell, by a secret, or never', async () => {
  const total = Number(requests)
  for (let sent = 0, block = 0; sent < total; sent += perWorld, block++) {
    const world = await givenWorld(app)
    const blockSeed = Number(seed) + block
    const attempt = fc.oneof(...attemptsOf(document, world.known))
    const property = fc.asyncProperty(attempt, (one) => judge(one, world))
    const result = await fc.check(property, { seed: blockSeed, numRuns: Math.min(perWorld, total - sent) })
    app.lines.length = 0
    if (!result.failed) continue
    const found = { seed: blockSeed, attempt: told(result.counterexample?.[0]), error: String(result.errorInstance) }
    if (out === undefined) throw new Error(`seed ${blockSeed}: ${JSON.stringify(found, null, 2)}`)
    await appendFile(out, `${JSON.stringify(found)}\n`)
  }
  await app.deps.usage.flush()
  const counts = { ...Object.fromEntries([...tally].sort()) }
  if (out !== undefined) await appendFile(`${out}.tally`, `${JSON.stringify({ seed, requests: total, counts })}\n`)
  const never = operations
    .filter(({ name }) => !tally.has(`${name} 2`) && !tally.has(`${name} 3`))
    .map(({ name }) => name)
  if (process.env.TEST_FUZZ_DEBUG)
    process.stderr.write(`${JSON.stringify(counts, null, 1)}\nnever: ${never.join('\n')}\n`)
}, 3_600_000)

function told(attempt: Attempt | undefined) {
  return (
    attempt && {
      ...attempt,
      body: attempt.body instanceof Uint8Array ? Buffer.from(attempt.body).toString('hex') : attempt.body,
    }
  )
}
