import type { Child } from 'hono/jsx'

export type Figure = { label: string; value: Child; note?: string | undefined; isBad?: boolean }

/** Single figures with their labels. Faults are shown in words as well as by colour. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      {figures.map(({ label, value, note, isBad }) => (
        <div key={label} class={isBad ? 'figure bad' : 'figure'}>
          <dt>{label}</dt>
          <dd>{value}</dd>
          {note && (
            <dd class="hint" key="note">
              {note}
            </dd>
          )}
        </div>
      ))}
    </dl>
  )
}
