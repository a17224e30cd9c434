import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { AppError } from '../../../errors/app-error.ts'
import { readBytes } from '../../../http/input/body.ts'
import { noInput } from '../../../http/input/validate.ts'
import { onlyOwnMachine } from '../../../http/middleware/own-machine.ts'
import type { PublicEnv } from '../../../http/request.ts'
import {
  actOnCheckout,
  actOnSubscription,
  checkoutActions,
  passTime,
  readCheckout,
  readOverview,
  readSandboxSubscription,
  subscriptionActions,
} from './actions.ts'
import type { Sandbox } from './sandbox.ts'

/** Payments here cost nothing, so the pages are served only to this machine and outside production; else 404. */
const ownMachineOnly = onlyOwnMachine(
  ({ production, billingProviders }) => !production && billingProviders.includes('sandbox'),
)

const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const CheckoutAction = z.enum(checkoutActions)
const SubscriptionAction = z.enum(subscriptionActions)
const Days = z.coerce.number().int().min(1).max(3_660)

/** The sandbox's pages, with the actions of a person, of a bank and of time. */
export const sandboxRoutes = new Hono<PublicEnv>()
  .get('/', ownMachineOnly, noInput, async (c) => {
    const { overviewPage } = await import('./pages.tsx')
    return page(overviewPage(await readOverview(sandboxOf(c), c.get('deps').sql)))
  })
  .get('/pages.css', ownMachineOnly, noInput, async () => {
    const { styleSheet } = await import('./pages.tsx')
    return new Response(styleSheet, {
      headers: { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'no-store' },
    })
  })
  .post('/clock', ownMachineOnly, async (c) => {
    const days = await field(c, 'days', Days)
    await passTime(sandboxOf(c), c.get('deps').sql, days * 86_400)
    return back('/sandbox')
  })
  .get('/checkouts/:id', ownMachineOnly, noInput, async (c) => {
    const { checkoutPage } = await import('./pages.tsx')
    return page(checkoutPage(await readCheckout(c.get('deps').sql, c.req.param('id'))))
  })
  .post('/checkouts/:id', ownMachineOnly, async (c) => {
    await actOnCheckout(sandboxOf(c), c.req.param('id'), await field(c, 'action', CheckoutAction))
    return back(c.req.path)
  })
  .get('/subscriptions/:id', ownMachineOnly, noInput, async (c) => {
    const { subscriptionPage } = await import('./pages.tsx')
    return page(subscriptionPage(await readSandboxSubscription(sandboxOf(c), c.get('deps').sql, c.req.param('id'))))
  })
  .post('/subscriptions/:id', ownMachineOnly, async (c) => {
    const action = await field(c, 'action', SubscriptionAction)
    await actOnSubscription(sandboxOf(c), c.get('deps').sql, c.req.param('id'), action)
    return back(c.req.path)
  })

function sandboxOf(c: Context<PublicEnv>): Sandbox {
  const sandbox = c.get('deps').providers.find(({ name }) => name === 'sandbox')
  if (!sandbox) throw new AppError('not-found')
  // The registry opens only createSandbox under this name.
  return sandbox as Sandbox
}

/** A field of a form from these pages; forms of other sites are refused (CSRF). @throws AppError `bad-request` */
async function field<T>(c: Context<PublicEnv>, name: string, schema: z.ZodType<T>): Promise<T> {
  if (!isFromHere(c.req.raw.headers)) throw new AppError('bad-request')
  const form = new URLSearchParams(Buffer.from(await readBytes(c.req.raw, 1_024)).toString())
  const { success, data } = schema.safeParse(form.get(name))
  if (!success) throw new AppError('bad-request', { detail: `${name} is none of those that are known.` })
  return data
}

/** By Sec-Fetch-Site where the browser sends it: with a no-referrer policy the Origin of a form is `null`. */
function isFromHere(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || site === 'none'
  const origin = headers.get('origin')
  return origin === null || (URL.canParse(origin) && new URL(origin).host === headers.get('host'))
}

function page(html: string): Response {
  return new Response(html, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
    },
  })
}

const back = (path: string) => new Response(null, { status: 303, headers: { Location: path } })
