export type Step = {
  title: string
  text: string
  /** What is typed; it runs in a shell with the variables of the page's head and what earlier steps kept. */
  command: string
  /** What curl is answered; a command of the program ends with code 0. */
  expect: { status: number; code?: string } | { output: RegExp }
  /** What later steps use of the answer: shell variable → path of members. */
  keep?: Record<string, string>
}

const json = `-H 'Content-Type: application/json'`
const as = (variable: string) => `-H "Authorization: Bearer $${variable}"`
const credentials = (email: string) => `-d "{\\"email\\": \\"$${email}\\", \\"password\\": \\"$PASSWORD\\"}"`
const ok = { status: 200 }

const person: Step[] = [
  {
    title: 'Register',
    text: 'One transaction opens the account on the free plan, its first session, and writes the audit trail.',
    command: `curl -i $URL/v1/auth/register ${json} \\\n  -d "{\\"email\\": \\"$EMAIL\\", \\"password\\": \\"$PASSWORD\\", \\"firstName\\": \\"Asha\\"}"`,
    expect: { status: 201 },
    keep: { ASHA: 'user.id' },
  },
  {
    title: 'Log in',
    text: 'The same body as registering: every plan logs in, free and lapsed ones too.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  ${credentials('EMAIL')}`,
    expect: ok,
    keep: { ACCESS: 'accessToken', REFRESH: 'refreshToken' },
  },
  {
    title: 'A gated route is denied, with the plan that unlocks it',
    text: '`premium_dashboard` is not part of the free plan. The denial names the cheapest plan that has it.',
    command: `curl -i $URL/v1/dashboard/insights ${as('ACCESS')}`,
    expect: { status: 403, code: 'feature-not-in-plan' },
  },
  {
    title: 'Entitlements',
    text: 'What this person may do, read from the token and from memory: no query.',
    command: `curl -i $URL/v1/me/entitlements ${as('ACCESS')}`,
    expect: ok,
  },
  {
    title: 'Refresh',
    text: 'Each refresh token is good once, and brings its successor.',
    command: `curl -i $URL/v1/auth/refresh ${json} -d "{\\"refreshToken\\": \\"$REFRESH\\"}"`,
    expect: ok,
    keep: { REFRESH2: 'refreshToken' },
  },
  {
    title: 'Refresh again',
    text: 'With the new token. The first one is now two generations old.',
    command: `curl -i $URL/v1/auth/refresh ${json} -d "{\\"refreshToken\\": \\"$REFRESH2\\"}"`,
    expect: ok,
  },
  {
    title: 'Reuse is refused',
    text: 'Only a copy would present the first token now, so the whole session ends, for thief and owner alike.',
    command: `curl -i $URL/v1/auth/refresh ${json} -d "{\\"refreshToken\\": \\"$REFRESH\\"}"`,
    expect: { status: 401, code: 'refresh-token-reused' },
  },
  {
    title: 'Log in once more',
    text: 'The person is asked for the password again, and gets a new session.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  ${credentials('EMAIL')}`,
    expect: ok,
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Log out',
    text: 'Ends this session.',
    command: `curl -i -X POST $URL/v1/auth/logout ${as('ACCESS')}`,
    expect: { status: 204 },
  },
  {
    title: 'The old access token is refused',
    text: 'It would have lived another 15 minutes; the very next request is refused all the same.',
    command: `curl -i $URL/v1/me ${as('ACCESS')}`,
    expect: { status: 401, code: 'session-revoked' },
  },
]

const administration: Step[] = [
  {
    title: 'Make a superadmin',
    text: 'No account is seeded: the first superadmin comes from the command line, on the database of the running server.',
    command: `printf %s "$PASSWORD" | bun src/main.ts create-admin --email $ROOT_EMAIL --password-stdin`,
    expect: { output: /^Superadmin \S+ is ready\.$/ },
  },
  {
    title: 'The superadmin logs in',
    text: 'Like everybody else. Sessions of administrators last 12 hours.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  ${credentials('ROOT_EMAIL')}`,
    expect: ok,
    keep: { ROOT: 'accessToken' },
  },
  {
    title: 'A colleague registers',
    text: 'Ravi is a user like any other, so far.',
    command: `curl -i $URL/v1/auth/register ${json} \\\n  ${credentials('RAVI_EMAIL')}`,
    expect: { status: 201 },
    keep: { RAVI: 'accessToken', RAVI_ID: 'user.id' },
  },
  {
    title: 'Promote',
    text: 'Only somebody of a higher level may, and nobody promotes themselves.',
    command: `curl -i -X PUT $URL/v1/admin/users/$RAVI_ID/role ${as('ROOT')} \\\n  ${json} -d '{"role": "admin"}'`,
    expect: ok,
  },
  {
    title: 'The promotion counts at once',
    text: 'Ravi searches with the token from before it. `Authz-Refresh: 1` says that a fresh token would tell more.',
    command: `curl -i "$URL/v1/admin/users?q=$EMAIL" ${as('RAVI')}`,
    expect: ok,
  },
  {
    title: 'Lock',
    text: "Ends every session of Asha's.",
    command: `curl -i $URL/v1/admin/users/$ASHA/lock ${as('RAVI')} \\\n  ${json} -d '{"reason": "reported as stolen"}'`,
    expect: { status: 204 },
  },
  {
    title: 'Nobody logs in to a locked account',
    text: 'The right password is answered like a wrong one.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  ${credentials('EMAIL')}`,
    expect: { status: 401, code: 'invalid-credentials' },
  },
  {
    title: 'Unlock',
    text: 'The lock ends; the sessions stay ended.',
    command: `curl -i -X POST $URL/v1/admin/users/$ASHA/unlock ${as('RAVI')}`,
    expect: { status: 204 },
  },
  {
    title: 'Asha logs in',
    text: 'Still on the free plan.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  ${credentials('EMAIL')}`,
    expect: ok,
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Grant a plan',
    text: 'By hand, with a reason. Without an end it lasts until it is changed.',
    command: `curl -i -X PUT $URL/v1/admin/users/$ASHA/subscription ${as('RAVI')} \\\n  ${json} -d '{"plan": "professional", "reason": "takes part in the study"}'`,
    expect: ok,
  },
  {
    title: 'The gated route is open now',
    text: 'With the access token from before the grant.',
    command: `curl -i $URL/v1/dashboard/insights ${as('ACCESS')}`,
    expect: ok,
  },
  {
    title: 'An override',
    text: '`audit_logs` belongs to dearer plans. Asha gets it all the same, until a moment that is named.',
    command: `curl -i -X PUT $URL/v1/admin/users/$ASHA/features/audit_logs ${as('RAVI')} \\\n  ${json} -d '{"granted": true, "expiresAt": "2099-01-01T00:00:00Z", "reason": "asked for it"}'`,
    expect: ok,
  },
  {
    title: 'What the override opens',
    text: "Asha's own trail, the newest three lines of it.",
    command: `curl -i "$URL/v1/me/audit-logs?limit=3" ${as('ACCESS')}`,
    expect: ok,
  },
  {
    title: 'Explain',
    text: 'Why somebody may, or may not: each link that grants or refuses.',
    command: `curl -i "$URL/v1/admin/users/$ASHA/explain?feature=audit_logs" ${as('RAVI')}`,
    expect: ok,
  },
  {
    title: 'The audit trail of it all',
    text: 'What was done to this account, newest first, by whom, and why. That Ravi reads it here is a line of the trail too.',
    command: `curl -i "$URL/v1/admin/audit-logs?resource=account:$ASHA" ${as('RAVI')}`,
    expect: ok,
  },
  {
    title: 'Verify',
    text: 'Every row is signed, and sealed in order: an edit, a deletion or a cut would be named here.',
    command: 'bun src/main.ts audit verify',
    expect: { output: /^The audit trail is whole: \d+ rows in \d+ checkpoints, \d+ not sealed yet\.$/ },
  },
]

/** The story in two parts: a person, and those who run the service. */
export const steps: Step[] = [...person, ...administration]
