import type { FC } from 'hono/jsx'
import { useEffect, useState } from 'hono/jsx/dom'
import { checkNow, connection, isLostNow } from '../calls/connection.ts'
import { waiting } from '../calls/waiting.ts'
import type { Page, PageProps } from '../pages/page.ts'
import { pages } from '../pages/pages.ts'
import { type Rights, useRights } from '../session/rights.ts'
import { type Session, session, signOut } from '../session/session.ts'
import { ProofDialog } from '../sign-in/proof-dialog.tsx'
import { SignIn } from '../sign-in/sign-in.tsx'
import { useStore } from '../store.ts'
import { brandName } from './brand.ts'
import { Heading } from './heading.tsx'
import { choose, language, languages, loadWords, ownNames } from './language.ts'
import { clearNotices, Notices } from './notices.tsx'
import { Link, useRoute } from './router.tsx'
import { useTexts } from './texts.ts'

/** The whole window: header, menu, notices and the page. */
export function Frame() {
  const t = useTexts()
  const now = useStore(session)
  const rights = useRights()
  const { path } = useRoute()
  const chosen = useStore(language)
  useEffect(() => {
    document.documentElement.lang = chosen
  }, [chosen])
  const isIn = now.kind === 'signed-in'
  return (
    <div class={isIn ? 'frame' : 'frame alone'}>
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <header>
        <p class="brand">
          {brandName} <span>{t.console}</span>
        </p>
        <Languages />
        {isIn && <Account key="account" now={now} />}
      </header>
      {isIn && <Menu key="menu" rights={rights} open={path[0] ?? ''} />}
      <main id="content" tabindex={-1}>
        <Lost />
        <Content now={now} rights={rights} path={path} />
      </main>
      <Notices />
      {isIn && <ProofDialog key="proof" />}
    </div>
  )
}

function Content({ now, rights, path }: { now: Session; rights: Rights; path: readonly string[] }) {
  const t = useTexts()
  if (now.kind === 'opening') return <p>{t.loading}</p>
  if (now.kind === 'signed-out') return <SignIn why={now.why} />
  const [name = '', ...rest] = path
  const offered = offeredTo(rights)
  // The console opens with the first page that the role may open.
  const page = offered.find((one) => one.name === name) ?? (name === '' ? offered[0] : undefined)
  if (offered.length === 0) return <Note text={t.nothingToDo} />
  return page ? <Loader key={page.name} page={page} rest={rest} /> : <Note text={t.noSuchPage} />
}

const offeredTo = (rights: Rights) => pages.filter(({ needs }) => needs.some(rights.may))

function Note({ text }: { text: string }) {
  const t = useTexts()
  return (
    <div>
      <Heading text={t.console} />
      <p>{text}</p>
    </div>
  )
}

/**
 * Shows a page once its file is loaded. Without a connection it waits: a reload would show the browser's error page. A
 * file that is missing otherwise belongs to an older version: the window is reloaded, once.
 */
function Loader({ page, rest }: { page: Page; rest: readonly string[] }) {
  const t = useTexts()
  const [loaded, setLoaded] = useState<{ of: Page; View: FC<PageProps> } | null>(null)
  const [isBroken, setBroken] = useState(false)
  const { returns } = useStore(connection)
  useEffect(() => {
    if (loaded?.of === page) return
    loadPage(page).then(
      (View) => setLoaded({ of: page, View }),
      async () => {
        if (!(await isLostNow()) && !reloadOnce()) setBroken(true)
      },
    )
  }, [page, returns])
  if (isBroken) return <p class="problem">{t.broken}</p>
  if (loaded?.of !== page) return <p>{t.loading}</p>
  const { View } = loaded
  return <View rest={rest} />
}

async function loadPage({ load }: Page): Promise<FC<PageProps>> {
  const View = await load()
  await loadWords()
  return View
}

function reloadOnce(): boolean {
  const key = 'manas360-console-reloaded'
  if (Date.now() - Number(sessionStorage.getItem(key) ?? 0) < 60_000) return false
  sessionStorage.setItem(key, String(Date.now()))
  location.reload()
  return true
}

function Menu({ rights, open }: { rights: Rights; open: string }) {
  const t = useTexts()
  const chosen = useStore(language)
  return (
    <nav aria-label={t.pages}>
      <ul>
        {offeredTo(rights).map(({ name, label }) => (
          <li key={name}>
            <Link path={name === '' ? [] : [name]} current={name === open}>
              {label[chosen]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Languages() {
  const t = useTexts()
  const chosen = useStore(language)
  return (
    <fieldset class="languages" aria-label={t.language}>
      {languages.map((one) => (
        <button
          type="button"
          class="quiet"
          key={one}
          lang={one}
          aria-pressed={one === chosen ? 'true' : 'false'}
          onClick={() => void choose(one)}
        >
          {ownNames[one]}
        </button>
      ))}
    </fieldset>
  )
}

function Account({ now }: { now: Session & { kind: 'signed-in' } }) {
  const t = useTexts()
  return (
    <p class="account">
      <span>{t.signedInAs(now.person.email, now.claims.role)}</span>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          clearNotices()
          void signOut()
        }}
      >
        {t.signOut}
      </button>
    </p>
  )
}

function Lost() {
  const t = useTexts()
  const { isLost, returns } = useStore(connection)
  const { calls, seconds } = useStore(waiting)
  return (
    <div role="status" aria-live="polite" class="connection">
      {isLost && (
        <p class="problem" key="lost">
          {t.lost}{' '}
          <button type="button" class="quiet" onClick={checkNow}>
            {t.tryNow}
          </button>
        </p>
      )}
      {calls > 0 && (
        <p class="note" key="waiting">
          {t.waiting(seconds)}
        </p>
      )}
      {!isLost && returns > 0 && (
        <p class="visually-hidden" key="back">
          {t.back}
        </p>
      )}
    </div>
  )
}
