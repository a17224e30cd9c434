import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'

type Traits = {
  origin?: string
  /** Whether the authenticator verified its user (PIN, fingerprint). */
  verifies?: boolean
  /** Whether it has a signature counter. */
  counts?: boolean
  /** Whether the key may be copied to other devices, and whether it was. */
  backup?: 'none' | 'eligible' | 'done' | 'impossible'
  algorithm?: 'ES256' | 'ML-DSA-44'
  /** The domain in its data, whatever was requested. */
  rpId?: string
  /** Whether the page runs in a frame of another origin. */
  framed?: boolean
  /** Its attestation: none, self, or a statement of some format. */
  attestation?: 'none' | 'self' | [format: string, statement: Map<string, Statement>]
}
type Statement = number | Uint8Array | Uint8Array[]

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()
const encoded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const bytesOf = (text = '') => new Uint8Array(Buffer.from(text, 'base64url'))

/** COSE public keys (RFC 9053 7.1, RFC 9964). */
function cose(key: KeyObject, algorithm: Traits['algorithm']): Map<number, number | Uint8Array> {
  const { x, y, pub } = key.export({ format: 'jwk' }) as { x?: string; y?: string; pub?: string }
  const common: [number, number | Uint8Array][] =
    algorithm === 'ML-DSA-44'
      ? [
          [1, 7],
          [3, -48],
          [-1, bytesOf(pub)],
        ]
      : [
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, bytesOf(x)],
          [-3, bytesOf(y)],
        ]
  return new Map(common)
}

/**
 * An authenticator of one passkey, without a browser: it signs any request, and sends false data where a test
 * configures that.
 */
export class SoftPasskey {
  id = randomBytes(16)
  userHandle = ''
  counter = 0
  readonly traits: Required<Omit<Traits, 'rpId'>> & Pick<Traits, 'rpId'>
  #keys: { publicKey: KeyObject; privateKey: KeyObject }

  constructor(traits: Traits = {}) {
    this.traits = {
      origin: 'http://localhost:3000',
      verifies: true,
      counts: true,
      backup: 'none',
      algorithm: 'ES256',
      framed: false,
      attestation: 'none',
      ...traits,
    }
    this.#keys =
      this.traits.algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ml-dsa-44')
  }

  get encodedId(): string {
    return encoded(this.id)
  }

  /** A copy of the key on another device; both counters go on independently. */
  copy(traits: Traits = {}): SoftPasskey {
    const copy = new SoftPasskey({ ...this.traits, ...traits })
    copy.id = this.id
    copy.userHandle = this.userHandle
    copy.counter = this.counter
    copy.#keys = this.#keys
    return copy
  }

  #authenticatorData(rpId: string, attested?: Uint8Array): Buffer {
    const { verifies, counts, backup } = this.traits
    const count = Buffer.alloc(4)
    if (counts) count.writeUInt32BE(++this.counter)
    const backupFlags = { none: 0, eligible: 8, done: 8 | 16, impossible: 16 }[backup]
    const flags = 1 | (verifies ? 4 : 0) | backupFlags | (attested ? 64 : 0)
    return Buffer.concat([sha256(this.traits.rpId ?? rpId), Buffer.of(flags), count, attested ?? Buffer.alloc(0)])
  }

  #clientData(type: string, challenge: string): Buffer {
    const { origin, framed } = this.traits
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: framed }))
  }

  #shared() {
    return { id: encoded(this.id), rawId: encoded(this.id), type: 'public-key' as const, clientExtensionResults: {} }
  }

  #sign(authData: Uint8Array, clientData: Uint8Array): Uint8Array {
    const digest = this.traits.algorithm === 'ES256' ? 'sha256' : null
    return new Uint8Array(sign(digest, Buffer.concat([authData, sha256(clientData)]), this.#keys.privateKey))
  }

  #attestation(authData: Uint8Array, clientData: Uint8Array): [format: string, statement: Map<string, Statement>] {
    const { attestation } = this.traits
    if (attestation === 'none') return ['none', new Map()]
    if (attestation !== 'self') return attestation
    const own: [string, Statement][] = [
      ['alg', -7],
      ['sig', this.#sign(authData, clientData)],
    ]
    return ['packed', new Map(own)]
  }

  /** navigator.credentials.create() */
  create(options: { challenge: string; rp: { id: string }; user: { id: string } }) {
    this.userHandle = options.user.id
    const key = isoCBOR.encode(cose(this.#keys.publicKey, this.traits.algorithm))
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, this.id.length), this.id, key])
    const authData = new Uint8Array(this.#authenticatorData(options.rp.id, attested))
    const clientData = this.#clientData('webauthn.create', options.challenge)
    const [format, statement] = this.#attestation(authData, clientData)
    const object = isoCBOR.encode(
      new Map<string, string | Map<string, Statement> | Uint8Array>([
        ['fmt', format],
        ['attStmt', statement],
        ['authData', authData],
      ]),
    )
    const response = {
      clientDataJSON: encoded(clientData),
      attestationObject: encoded(object),
      transports: ['internal'],
    }
    return { ...this.#shared(), response }
  }

  /** navigator.credentials.get() */
  get(options: { challenge: string; rpId: string }) {
    const authData = this.#authenticatorData(options.rpId)
    const clientData = this.#clientData('webauthn.get', options.challenge)
    const response = {
      clientDataJSON: encoded(clientData),
      authenticatorData: encoded(authData),
      signature: encoded(this.#sign(authData, clientData)),
      userHandle: this.userHandle,
    }
    return { ...this.#shared(), response }
  }
}
