import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { deriveKey } from '../crypto/hash.ts'
import { AppError } from '../errors/app-error.ts'

/** The place of an encrypted value, outside of which it cannot be decrypted: `mail_outbox.link:0193…`. */
type EncryptionContext = { table: string; column: string; id: string }

export type Secrets = ReturnType<typeof createSecrets>

const version = 1
const keyIdBytes = 8
const nonceBytes = 12
const tagBytes = 16
const headerBytes = 1 + keyIdBytes

/** No configured key made the value, or it was changed: 503, because only the operator can correct that. */
export class UnreadableSecretError extends AppError {
  /** @param reason for the operator's log only */
  constructor(reason: string, cause?: unknown) {
    super('service-unavailable', {
      detail: 'Something that is kept encrypted cannot be read at the moment. Try another way, or later.',
      cause: new Error(reason, { cause }),
    })
    this.name = 'UnreadableSecretError'
  }
}

/**
 * Encryption of secrets at rest: AES-256-GCM (NIST SP 800-38D) under HKDF-SHA256 (RFC 5869) of a key's text. A value
 * has version, key id, nonce, ciphertext and tag; its row is additional data, so that it cannot be moved to another.
 * @param keys the first encrypts, all decrypt
 */
export function createSecrets(keys: readonly [string, ...string[]]) {
  const known = keys.map(toKey)
  const [current] = known as [Key]

  const keyOf = (value: Buffer): Key | undefined => {
    const id = value.subarray(1, headerBytes)
    return value[0] === version ? known.find((key) => key.id.equals(id)) : undefined
  }

  return {
    /** The id of the encrypting key, in hexadecimal. */
    keyId: current.id.toString('hex'),
    encrypt(text: string, place: EncryptionContext): Buffer {
      const header = Buffer.concat([Buffer.of(version), current.id])
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', current.bytes, nonce, { authTagLength: tagBytes })
      cipher.setAAD(additionalData(header, place))
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([header, nonce, encrypted, cipher.getAuthTag()])
    },
    /** @throws UnreadableSecretError */
    decrypt(value: Buffer, place: EncryptionContext): string {
      const key = keyOf(value)
      if (!key || value.length < headerBytes + nonceBytes + tagBytes)
        throw new UnreadableSecretError(`${nameOf(place)} was encrypted under a key that is not at hand`)
      const [header, nonce] = [value.subarray(0, headerBytes), value.subarray(headerBytes, headerBytes + nonceBytes)]
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: tagBytes })
      decipher.setAAD(additionalData(header, place))
      decipher.setAuthTag(value.subarray(-tagBytes))
      try {
        const text = decipher.update(value.subarray(headerBytes + nonceBytes, -tagBytes))
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch (error) {
        throw new UnreadableSecretError(`${nameOf(place)} is not what was written there`, error)
      }
    },
    /** Whether a value was encrypted under the current key. */
    isCurrent: (value: Buffer): boolean => keyOf(value) === current,
    /** Whether a configured key made a value, by its header. */
    isKnown: (value: Buffer): boolean => keyOf(value) !== undefined,
    /** The header of every value under the current key. */
    currentHeader: (): Buffer => Buffer.concat([Buffer.of(version), current.id]),
  }
}

type Key = { id: Buffer; bytes: Buffer }

function toKey(text: string): Key {
  const bytes = Buffer.from(deriveKey(text, 'secrets at rest'))
  return { bytes, id: createHash('sha256').update('key id').update(bytes).digest().subarray(0, keyIdBytes) }
}

function additionalData(header: Buffer, place: EncryptionContext): Buffer {
  return Buffer.concat([header, Buffer.from(nameOf(place), 'utf8')])
}

function nameOf({ table, column, id }: EncryptionContext): string {
  return `${table}.${column}:${id}`
}
