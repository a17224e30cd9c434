import { emitEvent, iso, newId, type Scene } from './machine.ts'
import type { SandboxPayment } from './objects.ts'
import { listObjects, putObject } from './queries.ts'

/** Refunds a charge in full, once. */
export async function refundCharge(scene: Scene, charged: SandboxPayment): Promise<void> {
  const about = await listObjects<SandboxPayment>(scene.tx, 'payment', charged.subscriptionId)
  if (
    charged.status !== 'succeeded' ||
    about.some(({ kind, chargeId }) => kind === 'refund' && chargeId === charged.id)
  )
    return
  const refund = {
    ...charged,
    id: newId('sbx_re'),
    kind: 'refund' as const,
    at: iso(scene.nowMs),
    chargeId: charged.id,
  }
  await putObject(scene.tx, 'payment', { ...refund, period: null }, charged.subscriptionId)
  await emitEvent(scene, 'payment.refunded', charged.subscriptionId)
}

/** Opens a dispute about a charge, or decides it. */
export async function disputeCharge(
  scene: Scene,
  charged: SandboxPayment,
  status: 'pending' | 'succeeded' | 'failed',
): Promise<void> {
  const about = await listObjects<SandboxPayment>(scene.tx, 'payment', charged.subscriptionId)
  const known = about.find(({ kind, chargeId }) => kind === 'dispute' && chargeId === charged.id)
  const begun = {
    ...charged,
    id: newId('sbx_dp'),
    kind: 'dispute' as const,
    at: iso(scene.nowMs),
    chargeId: charged.id,
  }
  await putObject(scene.tx, 'payment', { ...(known ?? begun), period: null, status }, charged.subscriptionId)
  await emitEvent(scene, 'dispute.updated', charged.subscriptionId)
}
