import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Problem } from '../../parts/problem.tsx'
import { useRights } from '../../session/rights.ts'
import { useCatalogueTexts } from './texts.ts'

const most = 100
const named = 5

/** The people that a change of a role or plan affects: their number, and the newest of them by address. */
export function Affected({ of }: { of: { role: string } | { plan: string } }) {
  const { may } = useRights()
  const t = useCatalogueTexts()
  const key = JSON.stringify(of)
  const answer = useAnswer(may('users.manage') ? `affected ${key}` : null, () =>
    readApi(() => client.v1.admin.users.$get({ query: { ...of, limit: String(most) } })),
  )
  const people = answer.data?.items
  if (!may('users.manage')) return null
  return (
    <div class="affected">
      <Problem failure={answer.failure} retry={answer.reload} />
      <p class="hint" role="status">
        {people
          ? t.affects(
              people.length,
              answer.data?.nextCursor !== null,
              people.slice(0, named).map(({ email }) => email),
            )
          : t.counting}
      </p>
    </div>
  )
}
