// The script of the hosted pages. It removes the token from the URL, and posts it when the button is pressed.
/** @typedef {{ status: number, body: Record<string, unknown> }} Answer */
/** @typedef {{ path: string, message: string, code: string }} FieldError */

const timeoutMs = 30_000
/** @type {Record<string, string>} */
const actions = { 'verify-email': 'verify', 'confirm-email': 'confirm-change', 'undo-email': 'undo-change' }

const page = document.body.dataset.page ?? ''
const title = element('title')
const text = element('text')
const problem = element('problem')
const status = element('status')
const form = /** @type {HTMLFormElement} */ (element('form'))
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'))

const token = takeToken()
text.hidden = token === null
form.hidden = token === null
if (token === null) showProblem(messageOf('incomplete') ?? '')

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (button.getAttribute('aria-disabled') !== 'true' && isComplete()) void send()
})

for (const reveal of document.querySelectorAll('button[aria-controls]'))
  reveal.addEventListener('click', () => {
    const input = /** @type {HTMLInputElement} */ (element(reveal.getAttribute('aria-controls') ?? ''))
    const isHidden = input.type === 'password'
    input.type = isHidden ? 'text' : 'password'
    reveal.textContent = messageOf(isHidden ? 'hide' : 'show')
  })

// Another link was opened in this tab: only the fragment changes, so the page must be loaded again.
addEventListener('hashchange', () => location.reload())

for (const link of document.querySelectorAll('a[data-language]'))
  link.addEventListener('click', (event) => {
    if (token === null || form.hidden) return
    event.preventDefault()
    location.replace(`${/** @type {HTMLAnchorElement} */ (link).href}#token=${encodeURIComponent(token)}`)
  })

/** The token in the fragment, which browsers do not send to servers; removed from the URL and the history at once. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token')
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search)
  return found !== null && /^[\w-]{20,200}$/.test(found) ? found : null
}

async function send() {
  clearErrors()
  button.setAttribute('aria-disabled', 'true')
  status.textContent = messageOf('working')
  /** @type {Answer | null} */
  let answer
  try {
    answer = await act()
  } catch {
    answer = null // The network, or the time is up.
  }
  status.textContent = ''
  button.removeAttribute('aria-disabled')
  if (answer === null) showProblem(messageOf('offline') ?? '')
  else if (answer.status < 300) showEnd('done')
  else if (answer.body.code === 'invalid-link') showEnd('refused')
  else showAnswer(answer)
}

/** The action of the button. Returns the last answer, a problem document where it failed. */
async function act() {
  const password = inputOf('password')?.value ?? ''
  if (page === 'accept-team') return joinTeam(password)
  if (page === 'reset-password') return post('/auth/password/reset', { token, newPassword: password })
  if (page !== 'accept-invitation') return post(`/auth/email/${actions[page]}`, { token })
  const consents = agreedConsents()
  const agreed = consents.length > 0 && { consents }
  const accepted = await post('/auth/invitation/accept', { token, password, ...agreed })
  if (accepted.status < 300) await logOut(accepted)
  return accepted
}

/** Joins the team, which only an account may: a session is opened for it and ended again. @param {string} password */
async function joinTeam(password) {
  const session = await post('/auth/login', { email: inputOf('email')?.value ?? '', password })
  if (session.status === 202) return { status: 403, body: { code: 'mfa-required' } }
  if (session.status >= 300) return session
  const joined = await post('/team/accept', { token }, session)
  await logOut(session)
  return joined
}

/** Ends the session, because the page keeps none that could be ended later. @param {Answer} session */
async function logOut(session) {
  await post('/auth/logout', undefined, session).catch(() => {})
}

/** @param {string} path @param {object} [body] @param {Answer} [session] @returns {Promise<Answer>} */
async function post(path, body, session) {
  const answer = await fetch(`../v1${path}`, {
    method: 'POST',
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(session && { Authorization: `Bearer ${session.body.accessToken}` }),
    },
    body: body ? JSON.stringify(body) : null,
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
  })
  return { status: answer.status, body: await answer.json().catch(() => ({})) }
}

function agreedConsents() {
  const agreed = boxes().filter(({ checked }) => checked)
  return agreed.map(({ dataset: { document, version } }) => ({ document, version }))
}

/** Whether all required fields are filled in; otherwise the first missing one gets the focus and an error. */
function isComplete() {
  clearErrors()
  const missing = boxes().find((box) => box.required && !box.checked)
  const empty = [...form.querySelectorAll('input')].find(({ type, value }) => type !== 'checkbox' && value === '')
  if (empty) showFieldError(empty, messageOf('empty') ?? '')
  else if (missing) showConsentError(missing)
  return !empty && !missing
}

/** @param {Answer} answer */
function showAnswer({ body }) {
  const errors = /** @type {FieldError[]} */ (Array.isArray(body.errors) ? body.errors : [])
  for (const { path, code, message } of errors) {
    const input = inputOf(path === 'newPassword' ? 'password' : path)
    if (input) return showFieldError(input, messageOf(code) ?? message)
  }
  const box = boxes().find(({ required }) => required)
  if (box && errors.some(({ path }) => path.startsWith('consents'))) return showConsentError(box)
  const known = messageOf(String(body.code))
  const reference = typeof body.requestId === 'string' ? ` (${body.requestId})` : ''
  showProblem(known ?? `${messageOf('other')}${reference}`)
}

/** @param {'done' | 'refused'} end */
function showEnd(end) {
  form.hidden = true
  title.textContent = messageOf(`${end}-title`)
  text.textContent = messageOf(`${end}-text`)
  document.title = `${title.textContent} –${document.title.slice(document.title.lastIndexOf('–') + 1)}`
  for (const onward of document.querySelectorAll('#onward, #next')) onward.removeAttribute('hidden')
  document.querySelector('#next a')?.setAttribute('href', `reset-password#token=${token}`)
  title.focus()
}

/** @param {string} message */
function showProblem(message) {
  problem.textContent = message
  problem.hidden = false
  problem.focus()
}

/** @param {HTMLInputElement} input @param {string} message */
function showFieldError(input, message) {
  element(`${input.id}-error`).textContent = message
  input.setAttribute('aria-invalid', 'true')
  input.focus()
}

/** @param {HTMLInputElement} box */
function showConsentError(box) {
  element('consents-error').textContent = messageOf('consent-missing')
  box.focus()
}

function clearErrors() {
  problem.hidden = true
  for (const error of document.querySelectorAll('.error')) error.textContent = ''
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid')
}

/** @returns {HTMLInputElement[]} */
function boxes() {
  return [...form.querySelectorAll('input')].filter(({ type }) => type === 'checkbox')
}

/** @param {string} code */
function messageOf(code) {
  const all = /** @type {HTMLTemplateElement} */ (element('messages')).content.children
  return [...all].find((one) => one.getAttribute('data-code') === code)?.textContent ?? null
}

/** @param {string} id */
const inputOf = (id) => /** @type {HTMLInputElement | null} */ (document.getElementById(id))

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page lacks #${id}`)
  return found
}
