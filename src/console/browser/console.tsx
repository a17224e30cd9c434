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

// The hrefs are relative to the page that was loaded; made absolute before the path changes.
for (const icon of document.querySelectorAll<HTMLLinkElement>('link[rel=icon]')) icon.setAttribute('href', icon.href)

const root = document.getElementById('console')
if (root) {
  const opened = openSession()
  // When the words of another language cannot be loaded, the console is shown in English.
  await loadWords().catch(() => {})
  root.replaceChildren()
  render(<Frame />, root)
  void opened
}
