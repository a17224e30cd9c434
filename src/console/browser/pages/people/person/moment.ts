/** The moment of a `datetime-local` field, by this computer's zone, as the service takes it. */
export function toMoment(local: string): string {
  const moment = new Date(local)
  // What is no time is left to the service to refuse.
  return Number.isNaN(moment.getTime()) ? local : moment.toISOString()
}
