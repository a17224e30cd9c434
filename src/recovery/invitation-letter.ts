import { freePlan, roleOnPlan } from '../access/lapse.ts'
import type { AuthDeps } from '../auth/deps.ts'
import type { MailData } from '../mail/templates/mail-data.ts'

/** An invitation's role and plan, and its inviter. */
export type Offer = {
  role: string
  /** Null: the free plan. */
  plan: string | null
  inviterFirstName: string | null
  inviterLastName: string | null
}

/** The data of an invitation's mail, with display names. Default role and plan are left out. */
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
