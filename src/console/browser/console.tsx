import './styles/base.css'
import './styles/figures.css'
import './styles/frame.css'
import './styles/lists.css'
import './styles/parts.css'
import './styles/rows.css'
import './styles/worked.css'
import { render } from 'hono/jsx/dom'
import { openSession } from './session/session.ts'
import { Frame } from './shell/frame.tsx'
import { loadWords } from './shell/language.ts'

// Their addresses are relative to the page that was loaded; another page of the console is deeper.
for (const icon of document.querySelectorAll<HTMLLinkElement>('link[rel=icon]')) icon.setAttribute('href', icon.href)

const root = document.getElementById('console')
if (root) {
  const opened = openSession()
  // Without its words the console speaks English.
  await loadWords().catch(() => {})
  root.replaceChildren()
  render(<Frame />, root)
  void opened
}
