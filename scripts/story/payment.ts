import { demand, listOf, memberOf, type Step } from './step.ts'

const subscribe = (plan: string): Step['run'] => ({
  method: 'POST',
  path: '/v1/subscription',
  as: 'NILA',
  body: { plan, interval: 'month', provider: 'sandbox' },
})
const insights: Step['run'] = { method: 'GET', path: '/v1/dashboard/insights', as: 'NILA' }

/** Payment in the sandbox: a person tries a plan, is denied without it, pays for it, and has it at once. */
export const payment: Step[] = [
  {
    title: 'Somebody who will pay registers',
    text: 'Nila is on the free plan, like everybody at first.',
    run: { method: 'POST', path: '/v1/auth/register', body: { email: '$NILA_EMAIL', password: '$PASSWORD' } },
    expect: { status: 201 },
    keep: { NILA: 'accessToken', NILA_REFRESH: 'refreshToken' },
  },
  {
    title: 'Try a plan',
    text: 'A trial asks for no card. Each plan is tried once.',
    run: subscribe('professional'),
    expect: { status: 200 },
    check({ body }) {
      demand(body.status === 'trialing', 'a trial')
      return `${memberOf(body, 'plan.name')}, ${body.status}`
    },
  },
  {
    title: 'Try another',
    text: 'The trial before it ends at once.',
    run: subscribe('starter'),
    expect: { status: 200 },
    check: ({ body }) => `${memberOf(body, 'plan.name')}, ${body.status}`,
  },
  {
    title: 'Take a fresh access token',
    text: 'It is the one of all that follows.',
    run: { method: 'POST', path: '/v1/auth/refresh', body: { refreshToken: '$NILA_REFRESH' } },
    expect: { status: 200 },
    keep: { NILA: 'accessToken' },
  },
  {
    title: 'The feature is denied, with the plan to buy',
    text: '`premium_dashboard` went with the first trial.',
    run: insights,
    expect: { status: 403, code: 'feature-not-in-plan' },
    check({ body, headers }) {
      demand(memberOf(body, 'upgrade.plan') === 'professional', 'professional as the plan that has it')
      demand(!headers.has('authz-refresh'), 'no Authz-Refresh: the token is as new as the rights')
      return 'upgrade to professional'
    },
  },
  {
    title: 'Ask for that plan',
    text: 'It was tried, so money is due from the first day: the answer leads to the provider’s page. Nothing has changed yet.',
    run: subscribe('professional'),
    expect: { status: 202 },
    keep: { CHECKOUT: 'checkoutUrl' },
  },
  {
    title: 'The checkout page',
    text: 'Outside production the provider is the sandbox, inside the server; a browser shows the price and three buttons.',
    run: { visit: 'CHECKOUT' },
    expect: { output: /^Waiting for payment$/ },
  },
  {
    title: 'Pay',
    text: 'The form that the button *Pay with a good card* sends.',
    run: { visit: 'CHECKOUT', press: 'pay' },
    expect: { output: /^Paid$/ },
  },
  {
    title: 'The provider’s message comes in',
    text: 'It is kept first; a worker then asks the provider what is paid, and subscription, rights, payment, audit and mail are one transaction. That takes some milliseconds here, and with a real provider as long as its message takes.',
    run: { method: 'GET', path: '/v1/entitlements/premium_dashboard', as: 'NILA', until: '"granted":true' },
    expect: { status: 200 },
  },
  {
    title: 'The next request passes',
    text: 'With the access token from before the payment. `Authz-Refresh: 1` says that a fresh token would tell more.',
    run: insights,
    expect: { status: 200 },
    check({ headers }) {
      demand(headers.get('authz-refresh') === '1', 'Authz-Refresh: 1')
      return 'Authz-Refresh: 1'
    },
  },
  {
    title: 'What was paid',
    text: 'Charges, refunds and disputes, with the provider’s page of each.',
    run: { method: 'GET', path: '/v1/payments', as: 'NILA' },
    expect: { status: 200 },
    check({ body }) {
      const charges = listOf(body, 'items')
      const [kind, status, plan] = ['kind', 'status', 'plan'].map((name) => memberOf(charges[0], name))
      demand(charges.length === 1 && `${kind} ${status} ${plan}` === 'charge succeeded professional', 'one charge')
      return `${memberOf(charges[0], 'amountMinor')} ${memberOf(charges[0], 'currency')}`
    },
  },
  {
    title: 'Nila erases her account',
    text: 'What she pays is ended at the provider too: a task that outlives the account sees to it.',
    run: { method: 'DELETE', path: '/v1/me', as: 'NILA', body: { password: '$PASSWORD' } },
    expect: { status: 204 },
  },
]
