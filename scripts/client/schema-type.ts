/** The parts of JSON Schema that the OpenAPI document uses. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  description?: string
}

/**
 * The TypeScript type of the values that a JSON Schema accepts; `indent` is put before the lines of an object's
 * members.
 */
export function toType(schema: Schema, indent = ''): string {
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)))
  const variants = schema.anyOf ?? schema.oneOf
  if (variants) return union(variants.map((variant) => toType(variant, indent)))
  if (schema.allOf) return schema.allOf.map((part) => toType(part, indent)).join(' & ')
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => toType({ ...schema, type }, indent)))
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return `Array<${toType(schema.items ?? {}, indent)}>`
    case 'object':
      return toObject(schema, indent)
    case undefined:
      return 'unknown'
    default:
      throw new Error(`no type is known for ${JSON.stringify(schema)}`)
  }
}

function toObject({ properties, required = [], additionalProperties }: Schema, indent: string): string {
  if (properties) {
    const members = Object.entries(properties).flatMap(([name, member]) => [
      ...comment(member.description),
      `${toKey(name)}${required.includes(name) ? '' : '?'}: ${toType(member, `${indent}  `)}`,
    ])
    return members.length === 0 ? 'Record<string, never>' : block(members, indent)
  }
  const values = typeof additionalProperties === 'object' ? toType(additionalProperties, indent) : 'unknown'
  return `Record<string, ${values}>`
}

/** An object type with a line for each member. */
export function block(members: string[], indent: string): string {
  return `{\n${members.map((member) => `${indent}  ${member}\n`).join('')}${indent}}`
}

/** A doc comment of one line; none without a text. */
export function comment(text: string | undefined): string[] {
  return text ? [`/** ${text.replaceAll('*/', '* /').replaceAll('\n', ' ')} */`] : []
}

/** A name as a key, quoted where necessary. */
export function toKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

function union(types: string[]): string {
  return [...new Set(types)].join(' | ')
}
