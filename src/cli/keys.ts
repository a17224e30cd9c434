import { generateKeySet, type Rotated, rotateKeySet } from '../crypto/key-rotation.ts'
import { asymmetricAlgorithms } from '../crypto/signing-keys.ts'
import type { Invocation } from './command.ts'

export const keysUsage = `The keys of secrets at rest:

  keys reencrypt                            encrypt under DATA_KEY what DATA_KEY_PREVIOUS encrypted, while instances serve

The private keys of access tokens, for JWT_KEYS (inline, or as file:PATH):

  keys generate [--algorithm ES256|EdDSA]   print a set of one new key; ES256 unless said otherwise
  keys rotate [FILE]                        read a set from FILE or standard input, print the next one

A rotation takes three steps, each a run of \`keys rotate\` and a deployment of what it printed:
  1. a new key is added last: every instance accepts it, and other services learn of it
  2. it is moved first: it signs, the old one is still accepted
  3. the old one is dropped

The set goes to standard output, and nothing else does. Never write it over the file that is read:
  umask 077; manas360 keys rotate keys.json > next.json && mv next.json keys.json`

/** `keys generate` and `keys rotate` need neither a configuration nor a database; `keys reencrypt` both. */
export async function runKeys(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  const [verb, file, ...rest] = args
  if (verb === 'reencrypt' && args.length === 1 && options.algorithm === undefined)
    return (await import('./reencrypt.ts')).runReencrypt(invocation)
  const now = Math.floor(Date.now() / 1000)
  if (verb === 'generate' && options.algorithm !== undefined && !isKnown(options.algorithm))
    printLine(`--algorithm ${options.algorithm}: must be ${asymmetricAlgorithms.join(' or ')}\n`)
  const algorithm = asymmetricAlgorithms.find((name) => name === (options.algorithm ?? 'ES256'))
  if (verb === 'generate' && file === undefined && algorithm) {
    print(JSON.stringify(await generateKeySet(algorithm, now), null, 2))
    printLine(`A key for JWT_ALGORITHM=${algorithm}. Set JWT_KEYS to this set, or to file:PATH; keep it secret.`)
    return 0
  }
  if (verb !== 'rotate' || rest.length > 0 || options.algorithm !== undefined) {
    printLine(keysUsage)
    return 64
  }
  try {
    if (!file && process.stdin.isTTY) printLine('Reading a set from standard input …')
    const rotated = await rotateKeySet(await (file ? Bun.file(file) : Bun.stdin).text(), now)
    print(JSON.stringify(rotated.set, null, 2))
    printLine(describe(rotated))
    return 0
  } catch (error) {
    printLine(`${file ?? 'standard input'}: ${error instanceof Error ? error.message : error}`)
    return 1
  }
}

const isKnown = (name: string): boolean => asymmetricAlgorithms.some((algorithm) => algorithm === name)

function describe(rotated: Rotated): string {
  const { key } = rotated
  switch (rotated.step) {
    case 'added':
      return `Step 1 of 3 done: added ${key} last. It will be accepted and published; ${rotated.signing} still signs.
Next: deploy this set to every instance. 5 minutes after the last instance without it has ended, when other
services have seen the new key too, run \`keys rotate\` on this set.`
    case 'moved':
      return `Step 2 of 3 done: moved ${key} first. It will sign; still accepted: ${rotated.accepted.join(', ')}.
Next: deploy this set to every instance. 15 minutes after the last instance without it has ended, when no
token of the old key lives any more, run \`keys rotate\` on this set.`
    case 'dropped':
      return `Step 3 of 3 done: dropped ${rotated.dropped.join(', ')}. Only ${key} is left.
Next: deploy this set to every instance, if that of step 2 has been on all of them for 15 minutes.
The rotation is over then; another run begins the next one.`
    default: {
      const missing: never = rotated
      throw new Error(`no description of ${JSON.stringify(missing)}`)
    }
  }
}

/** Messages go to standard error: standard output has the keys. */
function printLine(text: string): void {
  process.stderr.write(`${text}\n`)
}
