import { Select } from '../../parts/select.tsx'
import { setQuery, usePlace } from '../../shell/router.tsx'
import { useOperationsTexts } from './texts.ts'

/** The status that the address asks for, or another text that the service will refuse; without one, what failed; undefined: every status. */
export function useStatus(): string | undefined {
  const { query } = usePlace()
  return query.status === 'all' ? undefined : (query.status ?? 'failed')
}

/** Chooses that status. */
export function StatusFilter<S extends string>({
  statuses,
  names,
}: {
  statuses: readonly S[]
  names: Record<S, string>
}) {
  const t = useOperationsTexts()
  return (
    <Select
      label={t.status}
      name="status"
      chosen={useStatus() ?? 'all'}
      choices={[...statuses.map((value) => ({ value, text: names[value] })), { value: 'all', text: t.every }]}
      onChoose={(status) => setQuery({ status })}
    />
  )
}
