import fc from 'fast-check'
import { hostileValue } from './hostile-values.ts'

/** The part of JSON Schema that the document uses for input. */
export type InputSchema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  items?: InputSchema
  properties?: Record<string, InputSchema>
  required?: string[]
  anyOf?: InputSchema[]
  oneOf?: InputSchema[]
  allOf?: InputSchema[]
  examples?: unknown[]
  example?: unknown
  default?: unknown
}

/** Values that mean something in the tested service, by the name of the member or parameter. */
export type Known = Record<string, unknown[]>

type Schemas = Record<string, InputSchema>

/** How a schema's values are made: by the schema, at its bounds and one beyond, of what is known to exist, or hostile. */
export function createValues(schemas: Schemas, known: Known) {
  function valuesOf(schema: InputSchema, name: string, depth = 0): fc.Arbitrary<unknown> {
    const own = known[name]
    const meant = [schema.example, schema.default, ...(schema.examples ?? [])].filter((value) => value !== undefined)
    return fc.oneof(
      { arbitrary: plainOf(schema, name, depth), weight: 8 },
      ...(own ? [{ arbitrary: fc.constantFrom(...own), weight: 24 }] : []),
      ...(meant.length > 0 ? [{ arbitrary: fc.constantFrom(...meant), weight: 6 }] : []),
      { arbitrary: hostileValue, weight: depth > 0 ? 2 : 1 },
    )
  }

  function plainOf(given: InputSchema, name: string, depth: number): fc.Arbitrary<unknown> {
    const schema = given.$ref ? (schemas[given.$ref.split('/').at(-1) ?? ''] ?? {}) : given
    if (schema.const !== undefined) return fc.constant(schema.const)
    if (schema.enum) return fc.constantFrom(...schema.enum)
    const parts = schema.anyOf ?? schema.oneOf ?? schema.allOf
    if (parts) return fc.oneof(...parts.map((part) => valuesOf(part, name, depth)))
    const types = [schema.type ?? 'string'].flat()
    return fc.oneof(...types.map((type) => ofType(type, schema, name, depth)))
  }

  function ofType(type: string, schema: InputSchema, name: string, depth: number): fc.Arbitrary<unknown> {
    switch (type) {
      case 'object':
        return objectOf(schema, depth)
      case 'array': {
        const item = valuesOf(schema.items ?? {}, name, depth + 1)
        return fc.array(item, { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 6, 6) })
      }
      case 'integer':
      case 'number':
        return numberOf(schema)
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      default:
        return textOf(schema)
    }
  }

  /** Mostly all required members; now and then one is missing, and others come along. */
  function objectOf({ properties = {}, required = [] }: InputSchema, depth: number): fc.Arbitrary<unknown> {
    const members = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema, name, depth + 1)]),
    )
    const whole = fc.record(members, { requiredKeys: required })
    const anyOfThem = fc.record(members, { requiredKeys: [] })
    const stranger = fc.tuple(whole, fc.constantFrom('isAdmin', 'role', 'id', '__proto__', 'userId'), hostileValue)
    return fc.oneof(
      { arbitrary: whole, weight: 12 },
      { arbitrary: anyOfThem, weight: 2 },
      { arbitrary: stranger.map(([value, name, extra]) => ({ ...value, [name]: extra })), weight: 1 },
    )
  }

  return { valuesOf, plainOf }
}

function numberOf({ minimum = -10, maximum = 1_000_000 }: InputSchema): fc.Arbitrary<number> {
  const edges = [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, minimum + 0.5]
  return fc.oneof(fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }), fc.constantFrom(...edges))
}

function textOf({ pattern, minLength = 0, maxLength = 60 }: InputSchema): fc.Arbitrary<string> {
  const lengths = [minLength - 1, minLength, minLength + 1, maxLength - 1, maxLength, maxLength + 1]
  const edges = lengths.filter((length) => length >= 0 && length < 20_000).map((length) => 'a'.repeat(length))
  const plain = fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) })
  const matching = pattern === undefined ? undefined : matchingOf(pattern)
  return fc.oneof(
    { arbitrary: matching ?? plain, weight: 6 },
    { arbitrary: fc.constantFrom(...edges), weight: 2 },
    { arbitrary: plain, weight: 1 },
  )
}

const patterns = new Map<string, fc.Arbitrary<string> | undefined>()

/** Texts of a pattern; none where fast-check cannot make them (look-ahead). */
function matchingOf(pattern: string): fc.Arbitrary<string> | undefined {
  if (patterns.has(pattern)) return patterns.get(pattern)
  let made: fc.Arbitrary<string> | undefined
  try {
    made = fc.stringMatching(new RegExp(pattern.replace('(?!constructor$)', ''), 'u'))
  } catch {
    made = undefined
  }
  patterns.set(pattern, made)
  return made
}
