import type { Person } from '@manas360/client'
import { readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { useAnswer } from '../../../calls/use-answer.ts'
import { Problem } from '../../../parts/problem.tsx'
import { Tabs } from '../../../parts/tabs.tsx'
import { type Rights, useRights } from '../../../session/rights.ts'
import { Heading } from '../../../shell/heading.tsx'
import { Link, useRoute } from '../../../shell/router.tsx'
import { useTexts } from '../../../shell/texts.ts'
import { peopleCache } from '../list/people-cache.ts'
import { nameOf } from '../names.ts'
import { usePeopleTexts } from '../texts.ts'
import { Access } from './access.tsx'
import { Actions } from './actions.tsx'
import { Payments } from './payments.tsx'
import { PlanAndRights } from './plan-and-rights.tsx'
import { Profile } from './profile.tsx'
import { Team } from './team.tsx'
import { Trail } from './trail.tsx'

const tabs = ['profile', 'plan', 'access', 'payments', 'team', 'trail'] as const
type Tab = (typeof tabs)[number]

/** The page of one person: account, rights and actions. */
export function PersonPage({ id }: { id: string }) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const rights = useRights()
  const { query } = useRoute()
  const answer = useAnswer(`person ${id}`, () => readApi(() => client.v1.admin.users[':id'].$get({ param: { id } })))
  const person = answer.data
  const changed = () => {
    peopleCache.forget()
    answer.reload()
  }
  if (!person)
    return (
      <div>
        <Heading text={t.person} />
        {answer.isLoading && <p key="loading">{shared.loading}</p>}
        <Problem failure={answer.failure} retry={answer.reload} />
        <Link path={['people']}>{t.backToList}</Link>
      </div>
    )
  const offered = tabsFor(rights, person)
  const open = offered.find((tab) => tab === query.tab) ?? 'profile'
  return (
    <div>
      <p class="back">
        <Link path={['people']}>{t.backToList}</Link>
      </p>
      <Heading text={nameOf(person) ?? person.email} />
      <p class="facts">
        <span>{person.email}</span>
        <span>{t.roleAtLevel(person.role, person.privilegeLevel)}</span>
        <span>{person.plan.displayName}</span>
        <span class={person.status === 'active' ? 'state' : 'state bad'}>{t.statuses[person.status]}</span>
      </p>
      {person.lockedReason !== null && (
        <p class="note" key="locked">
          {t.lockedBecause(person.lockedReason)}
        </p>
      )}
      <Problem key="problem" failure={answer.failure} retry={answer.reload} />
      {rights.outranks(person.privilegeLevel, person.id) ? (
        <Actions key="actions" person={person} changed={changed} />
      ) : (
        <p class="hint" key="above">
          {person.id === rights.accountId ? t.thatIsYou : t.aboveYou(rights.role)}
        </p>
      )}
      <Tabs
        label={t.parts}
        open={open}
        tabs={offered.map((tab) => ({
          name: tab,
          text: t.tabs[tab],
          path: ['people', id],
          query: { tab: tab === 'profile' ? null : tab },
        }))}
      />
      <TabBody key={open} tab={open} person={person} changed={changed} />
    </div>
  )
}

function TabBody({ tab, person, changed }: { tab: Tab; person: Person; changed: () => void }) {
  switch (tab) {
    case 'profile':
      return <Profile person={person} changed={changed} />
    case 'plan':
      return <PlanAndRights person={person} changed={changed} />
    case 'access':
      return <Access person={person} />
    case 'payments':
      return <Payments id={person.id} />
    case 'team':
      return <Team id={person.id} />
    case 'trail':
      return <Trail id={person.id} />
  }
}

/** Details of an account are shown to administrators above it, and to its owner. */
function tabsFor({ may, outranks, accountId }: Rights, { id, privilegeLevel }: Person): Tab[] {
  const mayLook = outranks(privilegeLevel, id) || id === accountId
  return tabs.filter((tab) => {
    if (tab === 'trail') return may('audit.read')
    return mayLook || tab === 'profile' || tab === 'plan'
  })
}
