import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { Id } from '../answer-fields.ts'
import type { WebhookEvent } from '../provider.ts'
import type { SandboxEvent } from './objects.ts'

const header = 'sandbox-signature'
/** The largest difference between a signature's time and now, in either direction. */
const toleranceSeconds = 300
/** A webhook with any other body is refused, as with every provider. */
const Event = z.looseObject({ id: Id, type: Id.max(100), object: Id })
const shape = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/

/** The body and headers of a webhook of the sandbox. */
export function signEvent(key: Uint8Array, { id, type, object }: SandboxEvent, nowSeconds: number) {
  const body = Buffer.from(JSON.stringify({ id, type, object }))
  const signature = macOf(key, String(nowSeconds), body).toString('hex')
  return { body, headers: new Headers({ [header]: `t=${nowSeconds},v1=${signature}` }) }
}

/** The event of a body that is signed with the key; null for any other. */
export function readEvent(
  key: Uint8Array,
  body: Uint8Array,
  headers: Headers,
  nowSeconds: number,
): WebhookEvent | null {
  const [, seconds, signature] = shape.exec(headers.get(header) ?? '') ?? []
  if (!seconds || !signature || Math.abs(nowSeconds - Number(seconds)) > toleranceSeconds) return null
  if (!timingSafeEqual(macOf(key, seconds, body), Buffer.from(signature, 'hex'))) return null
  const { data } = Event.safeParse(JSON.parse(Buffer.from(body).toString()))
  return data ? { id: data.id, type: data.type, objectId: data.object } : null
}

function macOf(key: Uint8Array, seconds: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${seconds}.`).update(body).digest()
}
