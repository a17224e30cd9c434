import { readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { useAnswer } from '../../../calls/use-answer.ts'
import { plainText } from '../../../parts/plain-text.ts'
import { Problem } from '../../../parts/problem.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Link } from '../../../shell/router.tsx'
import { useTexts } from '../../../shell/texts.ts'
import { usePeopleTexts } from '../texts.ts'

/** The team that a person owns or is a member of. */
export function Team({ id }: { id: string }) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const format = useFormat()
  const answer = useAnswer(`team ${id}`, () => readApi(() => client.v1.admin.users[':id'].team.$get({ param: { id } })))
  const team = answer.data
  return (
    <section class="card">
      <h2>{t.tabs.team}</h2>
      <Problem failure={answer.failure} retry={answer.reload} />
      {!team && answer.isLoading && <p key="loading">{shared.loading}</p>}
      {team && team.id === null && <p key="none">{t.noTeam}</p>}
      {team && team.id !== null && (
        <dl class="pairs" key="team">
          {[
            [t.keyName, team.name === null ? '–' : plainText(team.name)],
            [t.role, t.teamRoles[team.role]],
            [t.seats, t.seatsUsed(format.number(team.seats.used), format.number(team.seats.limit))],
            [t.status, team.active ? t.teamShares : t.teamSleeps],
            [t.created, team.createdAt ? format.day(team.createdAt) : '–'],
            [t.joined, team.joinedAt ? format.day(team.joinedAt) : '–'],
          ].map(([name, value]) => (
            <div key={name ?? ''}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {team && team.id !== null && team.role === 'member' && (
        <p key="owner">
          <Link path={['people', team.ownerId]}>{t.toOwner}</Link>
        </p>
      )}
    </section>
  )
}
