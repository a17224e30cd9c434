import type { Db } from '../db/types.ts'

/** The plan of accounts without a subscription, and of those whose plan has lapsed. */
export const freePlan = 'free'
/** The role that comes with a plan, and the role without one. Billing changes no other role. */
const [withPlan, withoutPlan] = ['subscriber', 'user']

/** A role and a plan as stored. `planExpiresAt`: epoch second at which the plan lapses; null: it does not. */
type Stored = { role: string; plan: string; planExpiresAt: number | null }

/**
 * The role and the plan in force at a moment. From its end on, a plan counts as free and a `subscriber` as a `user`,
 * even before a job has stored that (`settle_standing` in sql/functions/subscriptions.sql).
 */
export function inForce({ role, plan, planExpiresAt }: Stored, nowSeconds: number): { role: string; plan: string } {
  const hasLapsed = planExpiresAt !== null && planExpiresAt <= nowSeconds
  return hasLapsed ? { role: role === withPlan ? withoutPlan : role, plan: freePlan } : { role, plan }
}

/** The role of a `subscriber` or `user` on a plan, and the role that it replaces. */
export function roleOnPlan(plan: string): { role: string; instead: string } {
  return plan === freePlan ? { role: withoutPlan, instead: withPlan } : { role: withPlan, instead: withoutPlan }
}

/**
 * inForce as SQL, for lists: conditions on a row `a` of user_accounts. Together they find the accounts with this role
 * and plan in force; an index serves each of them.
 */
export function inForceConditions(sql: Db, { role, plan }: { role?: string; plan?: string }) {
  const stored = sql`${role ? sql`and a.role = ${role}` : sql``} ${plan ? sql`and a.plan = ${plan}` : sql``}`
  if (!plan && role !== withoutPlan && role !== withPlan) return [stored]
  const current = sql`${stored} and (a.plan_ends_at is null or a.plan_ends_at > statement_timestamp())`
  if (role === withPlan || (plan && plan !== freePlan)) return [current]
  const roles = role === withoutPlan ? [withoutPlan, withPlan] : [role ?? '']
  return [current, sql`and a.plan_ends_at <= statement_timestamp() ${role ? sql`and a.role in ${sql(roles)}` : sql``}`]
}

/** The status of a row of user_subscriptions, as a SQL expression: `expired` from its end on. */
export const statusInForce = (alias: string) =>
  `case when ${hasLapsedSubscription(alias)} then 'expired' else ${alias}.status end`

/** Whether the current subscription has reached its end, as a SQL expression. */
export const hasLapsedSubscription = (alias: string) =>
  `(${alias}.ended_at is null and coalesce(${alias}.current_period_end <= statement_timestamp(), false))`
