import type { Explanation } from '@manas360/client'
import { useFormat } from '../../../shell/format.ts'
import { usePeopleTexts } from '../texts.ts'

/** Why somebody may or may not, link by link: each says what the one before it leads to. */
export function Explained({ explanation }: { explanation: Explanation }) {
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
