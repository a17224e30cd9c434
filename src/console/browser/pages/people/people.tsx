import type { PageProps } from '../page.ts'
import { PeopleList } from './list/people-list.tsx'
import { PersonPage } from './person/person-page.tsx'

/** Everybody, or one of them. */
export function People({ rest: [id] }: PageProps) {
  return id === undefined ? <PeopleList key="list" /> : <PersonPage key={id} id={id} />
}
