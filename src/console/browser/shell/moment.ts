/** The moment of a `datetime-local` field, by this computer's zone, as the service takes it. */
export function toMoment(local: string): string {
  const moment = new Date(local)
  // What is no time is left to the service to refuse.
  return Number.isNaN(moment.getTime()) ? local : moment.toISOString()
}

/** The other way: a moment as the field shows it, by this computer's zone; empty where it is none. */
export function toLocal(moment: string | undefined): string {
  const at = new Date(moment ?? '')
  if (Number.isNaN(at.getTime())) return ''
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString()
  return local.slice(0, local.endsWith(':00.000Z') ? 16 : 19)
}
