import type { PageProps } from '../page.ts'
import { PeopleList } from './list/people-list.tsx'
import { PersonPage } from './person/person-page.tsx'

/** The list of people, or the page of one. */
export function People({ rest: [id] }: PageProps) {
  return id === undefined ? <PeopleList key="list" /> : <PersonPage key={id} id={id} />
}
