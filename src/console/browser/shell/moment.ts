/** The value of a `datetime-local` field, in this computer's time zone, in the form that the service expects. */
export function toMoment(local: string): string {
  const moment = new Date(local)
  // An invalid time is sent unchanged, and the service refuses it.
  return Number.isNaN(moment.getTime()) ? local : moment.toISOString()
}

/** The inverse of toMoment: empty for an invalid time. */
export function toLocal(moment: string | undefined): string {
  const at = new Date(moment ?? '')
  if (Number.isNaN(at.getTime())) return ''
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString()
  return local.slice(0, local.endsWith(':00.000Z') ? 16 : 19)
}
