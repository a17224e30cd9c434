import type { Explanation } from '@manas360/client'
import { useFormat } from '../../../shell/format.ts'
import { usePeopleTexts } from '../texts.ts'

/** The explanation of a right, as a list of its reasons. */
export function Reasons({ explanation }: { explanation: Explanation }) {
  const t = usePeopleTexts()
  const format = useFormat()
  return (
    <div>
      <p class={explanation.granted ? 'verdict' : 'verdict bad'}>{explanation.granted ? t.granted : t.refused}</p>
      <ol class="chain">
        {explanation.chain.map(({ kind, name, detail }, i) => (
          <li key={String(i)}>
            <strong>{t.links[kind] ?? kind}</strong> {kind === 'account' ? '' : <code>{name}</code>}
            <span>{t.detail(detail, format.time)}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}
