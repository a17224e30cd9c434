import { exportJWK, generateKeyPair } from 'jose'
import {
  type AsymmetricAlgorithm,
  algorithmOf,
  type PrivateJwk,
  type PrivateJwkSet,
  parseJwkSet,
  parsePrivateJwk,
  thumbprintOf,
  toSigningKeys,
} from './signing-keys.ts'

/** A set after a step of a rotation: the step, and the ids of the keys that it changed. */
export type Rotated = { set: PrivateJwkSet } & (
  | { step: 'added'; key: string; signing: string }
  | { step: 'moved'; key: string; accepted: string[] }
  | { step: 'dropped'; key: string; dropped: string[] }
)

/** A set of one new key. @param now epoch second */
export async function generateKeySet(algorithm: AsymmetricAlgorithm, now: number): Promise<PrivateJwkSet> {
  return { keys: [await generateKey(algorithm, now)] }
}

/**
 * The next step of a rotation. A set of one key gets a new one at the end, so that verifiers learn it before it signs;
 * of several, the newest (by `iat`) is moved to the front, so that it signs; where it is first already, the others are
 * dropped.
 * @param now epoch second
 * @throws Error when the set is not one of ours, or has no newest key
 */
export async function rotateKeySet(json: string, now: number): Promise<Rotated> {
  const set = parseJwkSet(json)
  const ids = toSigningKeys(set).map(({ id }) => id)
  const [first, ...others] = set.keys
  const [firstId = '', ...otherIds] = ids
  if (!first) throw new Error('the set is empty')
  if (others.some((key) => algorithmOf(key) !== algorithmOf(first)))
    throw new Error('the keys are of two algorithms: only one is ever accepted')
  const ages = set.keys.map(({ iat = -1 }) => iat)
  const newest = Math.max(...ages)
  if (others.length === 0) {
    const added = await generateKey(algorithmOf(first), Math.max(now, newest + 1))
    return { step: 'added', set: { ...set, keys: [first, added] }, key: thumbprintOf(added), signing: firstId }
  }
  const position = ages.indexOf(newest)
  if (ages.lastIndexOf(newest) !== position)
    throw new Error(
      'which key is the newest cannot be told: give each its `iat`, the epoch second at which it was made',
    )
  if (position === 0) return { step: 'dropped', set: { ...set, keys: [first] }, key: firstId, dropped: otherIds }
  return {
    step: 'moved',
    set: { ...set, keys: [...set.keys.slice(position, position + 1), ...set.keys.toSpliced(position, 1)] },
    key: ids[position] ?? '',
    accepted: ids.toSpliced(position, 1),
  }
}

async function generateKey(algorithm: AsymmetricAlgorithm, iat: number): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = parsePrivateJwk(await exportJWK(privateKey))
  return parsePrivateJwk({ ...jwk, kid: thumbprintOf(jwk), alg: algorithm, use: 'sig', iat })
}
