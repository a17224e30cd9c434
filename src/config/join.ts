import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import type { RoomConfiguration } from './room.ts'
import { missingMessage, requirementOf, sharedSecrets, weakSecrets } from './secret-checks.ts'

const nameOf = (problem: string) => problem.slice(0, problem.indexOf(':'))

type Environment = Record<string, string | undefined>
type Rooms<E> = readonly RoomConfiguration<Record<string, z.ZodType>, E, object>[]

/**
 * Joins the configurations of rooms. `E`: the parsed values of all variables. `C`: all results of `config`.
 * @param notYet names of later versions' variables: refused, because ignoring them would leave the operator with less
 *   than was configured
 */
export function joinConfigurations<E, C>(rooms: Rooms<E>, notYet: Record<string, string>) {
  const variables: Record<string, z.ZodType> = Object.assign({}, ...rooms.map((room) => room.variables))
  const schema = z.object(variables)
  const knownVariables = Object.keys(variables)
  if (knownVariables.length < rooms.flatMap((room) => Object.keys(room.variables)).length)
    throw new Error('two rooms declare a variable of the same name')

  /**
   * Reads the configuration from environment variables; an empty value counts as unset.
   * @throws ConfigError naming every bad variable.
   */
  function loadConfig(environment: Environment): Readonly<C> {
    const set = Object.fromEntries(
      Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
    )
    const problems = Object.entries(notYet)
      .filter(([name]) => set[name])
      .map(([name, what]) => `${name}: ${what} not part of this version; unset it`)
    // Without JIT: the schema is used once in a process, and compiling it would take longer.
    const parsed = schema.safeParse(set, { jitless: true })
    const issues = parsed.error?.issues ?? []
    const bad = new Set(issues.map(({ path }) => String(path[0])))
    for (const name of bad) {
      const messages = issues.filter(({ path }) => path[0] === name).map(({ message }) => message)
      const value = set[name]
      const demand =
        value !== undefined && set.NODE_ENV === 'production' ? requirementOf(rooms, name, value) : undefined
      problems.push(`${name}: ${value === undefined ? missingMessage(rooms, name) : (demand ?? messages.join('; '))}`)
    }
    // Well-formed variables are checked further, so that one start names every problem.
    const sound: Record<string, unknown> = parsed.data ?? without(bad).parse(set, { jitless: true })
    const further = rooms.flatMap((room) => room.check?.(sound as Partial<E>) ?? [])
    if (sound.NODE_ENV === 'production') {
      const checked = new Set(further.map(nameOf))
      further.push(...weakSecrets(rooms, sound))
      further.push(...sharedSecrets(rooms, sound).filter((problem) => !checked.has(nameOf(problem))))
    }
    problems.push(...further.filter((problem) => !bad.has(nameOf(problem))))
    if (parsed.error || problems.length > 0) throw new ConfigError(problems)
    return Object.freeze(Object.assign({}, ...rooms.map((room) => room.config(parsed.data as E))))
  }

  /** The schema of the well-formed variables: no default replaces a malformed one. */
  const without = (names: ReadonlySet<string>) =>
    z.object(Object.fromEntries(Object.entries(variables).filter(([name]) => !names.has(name))))

  return { loadConfig, knownVariables }
}
