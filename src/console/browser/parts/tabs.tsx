import { Link, type Query } from '../shell/router.tsx'

export type Tab = { name: string; text: string; path: readonly string[]; query?: Query }

/** The parts of a page. Each has its own URL. */
export function Tabs({ label, tabs, open }: { label: string; tabs: readonly Tab[]; open: string | undefined }) {
  return (
    <nav class="tabs" aria-label={label}>
      <ul>
        {tabs.map(({ name, text, path, query }) => (
          <li key={name}>
            <Link path={path} query={query ?? {}} current={name === open} keepsScroll>
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
