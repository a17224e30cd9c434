import { describe, expect, test } from 'bun:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { rotateKeySet } from '../../src/crypto/key-rotation.ts'
import { asymmetricAlgorithms, type PrivateJwkSet } from '../../src/crypto/signing-keys.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { newKeySet, signingWith } from '../support/signing-keys.ts'

async function rotated(set: PrivateJwkSet): Promise<PrivateJwkSet> {
  return (await rotateKeySet(JSON.stringify(set), Math.floor(Date.now() / 1000))).set
}

describe.each([...asymmetricAlgorithms])('a rotation of %s', async (algorithm) => {
  const sets = [await newKeySet(algorithm)]
  for (let step = 0; step < 3; step++) sets.push(await rotated(sets.at(-1) ?? (await newKeySet(algorithm))))
  const instances: TestApp[] = []
  for (const set of sets) {
    const [first] = instances
    instances.push(
      await openTestApp({ ...signingWith(algorithm, set), ...(first && { DATABASE_URL: first.databaseUrl }) }),
    )
  }
  const [first, second, third, last] = instances
  if (!first || !second || !third || !last) throw new Error('four instances are open')
  const person = await givenAccount(first)
  const tokenOf = async (app: TestApp) => (await logIn(app, person)).accessToken
  const publishedBy = async ({ request }: TestApp) => bodyOf<JSONWebKeySet>(await request('/.well-known/jwks.json'))

  for (const [step, [before, after]] of [
    [first, second] as const,
    [second, third] as const,
    [third, last] as const,
  ].entries())
    test(`step ${step + 1}: old and new instances serve at once, and no token of either is refused by the other`, async () => {
      for (const signer of [before, after])
        for (const judge of [before, after]) {
          const bearer = await tokenOf(signer)
          expect((await judge.request('/v1/me', { bearer })).status).toBe(200)
        }
    })

  test('what another service kept of the published keys before a step verifies what is signed after it', async () => {
    for (const [before, after] of [
      [second, third],
      [third, last],
    ] as const) {
      const kept = createLocalJWKSet(await publishedBy(before))
      for (const signer of [before, after]) await jwtVerify(await tokenOf(signer), kept, { algorithms: [algorithm] })
    }
  })

  test('the key that was dropped signs nothing that is accepted any more', async () => {
    for (const signer of [first, second])
      await expectProblem(await last.request('/v1/me', { bearer: await tokenOf(signer) }), 'invalid-token')
    expect((await publishedBy(last)).keys).toHaveLength(1)
  })
})
