import type { Secret } from './room.ts'

type Rooms = readonly { secrets?: Partial<Record<string, Secret>>; demands?: Partial<Record<string, string>> }[]
type Values = Record<string, unknown>

/** How to make a secret, for messages about one that is missing or weak. */
export const secretAdvice = '(openssl rand -base64 48 makes a good one)'

/** The message for a required variable that is not set. */
export function missingMessage(rooms: Rooms, name: string): string {
  return secretsOf(rooms).some((secret) => secret.name === name) ? `is required ${secretAdvice}` : 'is required'
}

/** The demand of production on a malformed variable, where it is stricter than the schema. */
export function requirementOf(rooms: Rooms, name: string, value: string): string | undefined {
  const least = secretsOf(rooms).find((secret) => secret.name === name)?.minProductionLength
  if (least !== undefined && value.length < least)
    return `must have at least ${least} characters in production ${secretAdvice}`
  return rooms.map(({ demands }) => demands?.[name]).find((demand) => demand !== undefined)
}

/** Problems of secrets that are too weak for production. */
export function weakSecrets(rooms: Rooms, values: Values): string[] {
  return secretsOf(rooms).flatMap(({ name, minProductionLength }) =>
    textsOf(values[name]).flatMap((text) => {
      const weakness = weaknessOf(text, minProductionLength ?? 0)
      if (!weakness) return []
      return `${name}: ${weakness}${minProductionLength === undefined ? '' : ` ${secretAdvice}`}`
    }),
  )
}

/**
 * Problems of secrets that serve two purposes: whoever learns one by its first use has it for the other. A secret and
 * its own predecessor may be equal.
 */
export function sharedSecrets(rooms: Rooms, values: Values): string[] {
  const own = secretsOf(rooms).flatMap(({ name, purpose }) =>
    textsOf(values[name]).map((value) => ({ name, value, purpose })),
  )
  const passwords = Object.entries(values).flatMap(([name, value]) => {
    const password = typeof value === 'string' && passwordOf(value)
    return password ? [{ name, value: password, purpose: 'is sent to another server as its password' }] : []
  })
  return own.flatMap(({ name, value }, i) => {
    const other = [...own.slice(0, i), ...passwords].find(
      (secret) => secret.value === value && kindOf(secret.name) !== kindOf(name),
    )
    return other
      ? [`${name}: must differ from ${other.name}, which ${other.purpose}: whoever learns one would have both`]
      : []
  })
}

const kindOf = (name: string) => name.replace('_PREVIOUS', '')

const textsOf = (value: unknown) => [value].flat().filter((text) => typeof text === 'string')

function secretsOf(rooms: Rooms): (Secret & { name: string })[] {
  return rooms.flatMap(({ secrets = {} }) =>
    Object.entries(secrets).flatMap(([name, secret]) => (secret ? [{ name, ...secret }] : [])),
  )
}

/** The password of a URL such as `postgres://user:password@host`. Schemas refuse those that are not percent-encoded. */
function passwordOf(text: string): string {
  const password = URL.parse(text)?.password ?? ''
  try {
    return decodeURIComponent(password)
  } catch {
    return password
  }
}

/**
 * Why a secret is too weak for production: too short, too uniform, or copied from an example; undefined when it is not.
 */
function weaknessOf(text: string, minimumLength: number): string | undefined {
  if (text.length < minimumLength) return `must have at least ${minimumLength} characters in production`
  if (/change.?me|example|placeholder|your.?secret|password|development|insecure/i.test(text))
    return 'looks like an example; production needs one of its own'
  if (new Set(text).size < 12) return 'has too few different characters to be random'
  if (/^(.{1,16})\1+$/s.test(text)) return 'repeats itself'
  return undefined
}
