import type { Query } from '../../shell/router.tsx'

/** The names of the filters, the same in the page's query and in the call. */
const names = ['actor', 'action', 'resource', 'from', 'to', 'ip'] as const

export type Filter = { [K in (typeof names)[number]]?: string }

/** The filter of the page's query. The service refuses invalid values with its own message. */
export function filterOf(query: Readonly<Record<string, string>>): Filter {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])))
}

/** The change of the query that sets exactly this filter. */
export const queryOf = (filter: Filter): Query => Object.fromEntries(names.map((name) => [name, filter[name] ?? null]))

/** Splits `type:id` or `type`. */
export function partsOf(resource = ''): { kind: string; id: string } {
  const end = resource.indexOf(':')
  return end < 0 ? { kind: resource, id: '' } : { kind: resource.slice(0, end), id: resource.slice(end + 1) }
}
