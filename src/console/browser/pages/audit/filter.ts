import type { Query } from '../../shell/router.tsx'

/** What the address and the service call the parts of a search alike: a link reads as the call does. */
const names = ['actor', 'action', 'resource', 'from', 'to', 'ip'] as const

export type Filter = { [K in (typeof names)[number]]?: string }

/** What the address asks for. What is written wrongly there, the service refuses with its own sentence. */
export function filterOf(query: Readonly<Record<string, string>>): Filter {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])))
}

/** The change of the address that asks for this and nothing else. */
export const queryOf = (filter: Filter): Query => Object.fromEntries(names.map((name) => [name, filter[name] ?? null]))

/** `type:id` or `type`, apart. */
export function partsOf(resource = ''): { kind: string; id: string } {
  const end = resource.indexOf(':')
  return end < 0 ? { kind: resource, id: '' } : { kind: resource.slice(0, end), id: resource.slice(end + 1) }
}
