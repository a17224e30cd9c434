type Named = { firstName: string | null; lastName: string | null }

/** A person's full name; null where there is none. */
export const nameOf = ({ firstName, lastName }: Named): string | null =>
  [firstName, lastName].filter(Boolean).join(' ') || null
