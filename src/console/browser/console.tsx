import './styles/base.css'
import './styles/frame.css'
import './styles/parts.css'
import { render } from 'hono/jsx/dom'
import { openSession } from './session/session.ts'
import { Frame } from './shell/frame.tsx'

const root = document.getElementById('console')
if (root) {
  root.replaceChildren()
  render(<Frame />, root)
  void openSession()
}
