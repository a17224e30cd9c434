import { type Context, Hono } from 'hono'
import { AppError } from '../errors/app-error.ts'
import { noInput } from '../http/input/validate.ts'
import { onlyOwnMachine } from '../http/middleware/own-machine.ts'
import type { PublicEnv } from '../http/request.ts'
import { readKeptMail, readKeptMails } from './kept-mails.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** 404 unless the request comes from this machine, in development without SMTP_URL: these are everybody's mails. */
const ownMachineOnly = onlyOwnMachine(({ production, mail }) => !production && mail.mode === 'kept')

const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** Allows the inline styles of mails. */
const mailPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

/** The mails that development keeps instead of sending: a list, and text and HTML of each. */
export const keptMailRoutes = new Hono<PublicEnv>()
  .get('/mail', ownMachineOnly, noInput, async (c) => {
    const { listPage } = await import('./kept-pages.tsx')
    return serve(listPage(await readKeptMails(c.get('deps'))), 'text/html', pagePolicy)
  })
  // Not under /mail: with `/mail/:id` beside it, Hono's RegExpRouter would give up, and every route would be slower
  // (`fuse`).
  .get('/mail.css', ownMachineOnly, noInput, async () => {
    const { styleSheet } = await import('./kept-pages.tsx')
    return serve(styleSheet, 'text/css', pagePolicy)
  })
  .get('/mail/:id', ownMachineOnly, noInput, async (c) => {
    const { mailPage } = await import('./kept-pages.tsx')
    return serve(mailPage(await mailOf(c)), 'text/html', pagePolicy)
  })
  .get('/mail/:id/text', ownMachineOnly, noInput, async (c) => serve((await mailOf(c)).text, 'text/plain', pagePolicy))
  .get('/mail/:id/html', ownMachineOnly, noInput, async (c) => serve((await mailOf(c)).html, 'text/html', mailPolicy))

function mailOf(c: Context<PublicEnv, '/mail/:id'>) {
  const id = c.req.param('id')
  if (!uuid.test(id)) throw new AppError('not-found')
  return readKeptMail(c.get('deps'), id)
}

function serve(body: string, type: string, policy: string): Response {
  return new Response(body, {
    headers: {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
    },
  })
}
