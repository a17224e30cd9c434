/** A model of rights in the plainest form, without tokens' claims, versions, feeds or instances. */
export type Person = {
  role: string
  plan: string
  /** Epoch milliseconds; null: no end. */
  planEnds: number | null
  overrides: Record<string, { granted: boolean; ends: number | null }>
  locked: boolean
}

export type World = {
  people: Person[]
  /** Sessions that have ended. */
  over: string[]
  permissionsOf: Record<string, string[]>
  featuresOf: Record<string, string[]>
}

/** The rights of a token of this person's session at this moment, or the refusal. */
export function mayDo(world: World, who: number, session: string, now: number): string {
  const person = world.people[who]
  if (!person) throw new Error(`nobody is number ${who}`)
  if (person.locked) return 'account-disabled'
  if (world.over.includes(session)) return 'session-revoked'
  const hasEnded = (ends: number | null) => ends !== null && ends <= now
  const lapsed = person.plan !== 'free' && hasEnded(person.planEnds)
  const plan = lapsed ? 'free' : person.plan
  const role = lapsed && person.role === 'subscriber' ? 'user' : person.role
  const features = new Set(world.featuresOf[plan])
  for (const [feature, { granted, ends }] of Object.entries(person.overrides)) {
    if (hasEnded(ends)) continue
    if (granted) features.add(feature)
    else features.delete(feature)
  }
  return describeRights({ role, permissions: world.permissionsOf[role] ?? [], plan, features: [...features] })
}

type Described = { role: string; permissions: string[]; plan: string; features: string[] }

export function describeRights({ role, permissions, plan, features }: Described): string {
  return `${role} [${[...permissions].sort()}] ${plan} [${[...features].sort()}]`
}

/**
 * The answers that are allowed of an instance that has read nothing of the others since `history[since]`: any state
 * since then, because it knows its own commits, piece by piece.
 */
export function mayHaveBeen(history: World[], since: number, who: number, session: string, now: number): Set<string> {
  const known = history.slice(since)
  const answers = new Set<string>()
  for (const person of distinct(known.map(({ people }) => people[who])))
    for (const isOver of distinct(known.map(({ over }) => over.includes(session))))
      for (const permissionsOf of distinct(known.map((world) => world.permissionsOf)))
        for (const featuresOf of distinct(known.map((world) => world.featuresOf))) {
          const people = person ? [person] : []
          answers.add(mayDo({ people, over: isOver ? [session] : [], permissionsOf, featuresOf }, 0, session, now))
        }
  return answers
}

function distinct<T>(values: T[]): T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
