import type { ValidationTargets } from 'hono'
import { z } from 'zod'

/**
 * The schema, made once: that of a `z.lazy` at the first request and not at every start.
 * @throws Error for an object schema that would let unknown keys pass; at once, unless it is lazy
 */
export function strictOnce<T extends z.ZodType>(target: keyof ValidationTargets, schema: T): () => T {
  let made: T | undefined
  const make = () => {
    if (made) return made
    const own = schema instanceof z.ZodLazy ? (schema._zod.innerType as T) : schema
    if (own instanceof z.ZodObject && own.def.catchall?._zod.def.type !== 'never')
      throw new Error(`the schema of ${target} lets unknown keys pass: write z.strictObject`)
    made = own
    return made
  }
  if (!(schema instanceof z.ZodLazy)) make()
  return make
}
