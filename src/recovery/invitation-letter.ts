import { freePlan, roleOnPlan } from '../access/lapse.ts'
import type { AuthDeps } from '../auth/deps.ts'
import type { MailData } from '../mail/templates/mail-data.ts'

/** What an invitation offers, and who made it. */
export type Offer = {
  role: string
  /** Null: none but the free one. */
  plan: string | null
  inviterFirstName: string | null
  inviterLastName: string | null
}

/** What the mail of an invitation says of it, as people see it. What everybody has is left out. */
export function invitationLetter(
  { catalogue }: Pick<AuthDeps, 'catalogue'>,
  { role, plan, inviterFirstName, inviterLastName }: Offer,
): Omit<MailData['accept-invitation'], 'validHours'> {
  const name = [inviterFirstName, inviterLastName].filter((part) => part !== null).join(' ')
  return {
    inviter: name === '' ? null : name,
    role: role === roleOnPlan(freePlan).role ? null : role,
    plan: plan === null ? null : (catalogue.current.plans.get(plan)?.displayName ?? plan),
  }
}
