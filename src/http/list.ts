import { z } from 'zod'

/** How every list is answered: a page and, while there is more, the cursor of the next. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}
