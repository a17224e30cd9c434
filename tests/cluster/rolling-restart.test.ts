import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import type { Environment } from '../../scripts/cluster/instance.ts'
import { generateKeySet, rotateKeySet } from '../../src/crypto/key-rotation.ts'
import { asymmetricAlgorithms } from '../../src/crypto/signing-keys.ts'
import { openTestCluster, programs } from '../support/instances.ts'
import { startSteadyLoad } from '../support/steady-load.ts'
import { describeWith } from '../support/tools.ts'

const secret = () => randomBytes(48).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

/** The deployments of a rotation, in order; before the last everybody has tokens of the new keys. */
type Rotation = { first: Environment; steps: [Environment, Environment, Environment] }

function rotateSecrets(): Rotation {
  const [access, nextAccess, refresh, nextRefresh] = [secret(), secret(), secret(), secret()]
  const first = { JWT_SECRET: access, JWT_REFRESH_SECRET: refresh }
  const next = { JWT_SECRET: nextAccess, JWT_REFRESH_SECRET: nextRefresh }
  return {
    first,
    steps: [
      { ...first, JWT_SECRET_PREVIOUS: nextAccess, JWT_REFRESH_SECRET_PREVIOUS: nextRefresh },
      { ...next, JWT_SECRET_PREVIOUS: access, JWT_REFRESH_SECRET_PREVIOUS: refresh },
      next,
    ],
  }
}

async function rotateKeys(algorithm: (typeof asymmetricAlgorithms)[number]): Promise<Rotation> {
  const toEnvironment = (set: unknown) => ({ JWT_ALGORITHM: algorithm, JWT_KEYS: JSON.stringify(set) })
  const first = await generateKeySet(algorithm, now())
  const { set: added } = await rotateKeySet(JSON.stringify(first), now())
  const { set: moved } = await rotateKeySet(JSON.stringify(added), now())
  const { set: dropped } = await rotateKeySet(JSON.stringify(moved), now())
  return { first: toEnvironment(first), steps: [toEnvironment(added), toEnvironment(moved), toEnvironment(dropped)] }
}

const rotations: [string, Rotation][] = [
  ['HS256', rotateSecrets()],
  ...(await Promise.all(
    asymmetricAlgorithms.map(async (name): Promise<[string, Rotation]> => [name, await rotateKeys(name)]),
  )),
]

describeWith(...programs)('keys rotated by rolling restarts of two servers under load', () => {
  describe.each(rotations)('%s', (_, { first, steps: [added, swapped, dropped] }) => {
    test('no request is refused, fails or breaks off', async () => {
      const cluster = await openTestCluster(first, 2)
      const load = await startSteadyLoad(cluster.url, { people: 8, pauseMs: 20 })
      await cluster.rollingRestart(added)
      await cluster.rollingRestart(swapped)
      await load.refreshAll()
      await cluster.rollingRestart(dropped)
      const answers = await load.stop()
      expect(answers).toEqual({ '200': expect.any(Number) })
      expect(answers['200']).toBeGreaterThan(100)
    })
  })
})
