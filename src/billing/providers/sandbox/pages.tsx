import { toDecimalText } from '../../money.ts'
import {
  type CheckoutView,
  checkoutActions,
  type Overview,
  type SubscriptionView,
  subscriptionActions,
} from './actions.ts'

export const styleSheet = `body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1f2933;background:#fff}
button{font:inherit;padding:.5rem 1rem;margin:0 .5rem .5rem 0;border:1px solid #52606d;border-radius:.4rem;background:#f5f7fa;color:#1f2933}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}.note{color:#52606d}`

function toPage(title: string, children: unknown): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="stylesheet" href="/sandbox/pages.css" />
      </head>
      <body>
        <main>
          <h1>{title}</h1>
          <p class="note">This is a pretend payment provider for development: no money moves.</p>
          {children as never}
        </main>
      </body>
    </html>
  )
  return `<!doctype html>${page.toString()}`
}

const labels: Record<string, string> = {
  pay: 'Pay with a good card',
  decline: 'Use a card that is declined',
  abandon: 'Leave without paying',
  renew: 'Let the period end now',
  end: 'End it at once',
  refund: 'Refund the last charge',
  dispute: 'Dispute the last charge',
  lose: 'Decide the dispute for the customer',
  win: 'Decide the dispute for the shop',
}

const Buttons = ({ actions }: { actions: readonly string[] }) => (
  <form method="post">
    {actions.map((action) => (
      <button type="submit" name="action" value={action}>
        {labels[action]}
      </button>
    ))}
  </form>
)

const states = { open: 'Waiting for payment', completed: 'Paid', expired: 'This checkout has expired' }

/** The page on which a person pays for, declines or abandons a checkout. */
export function checkoutPage({ checkout, price }: CheckoutView): string {
  const { state, declined, startsAt, successUrl } = checkout
  return toPage(
    'Checkout',
    <>
      <p>
        <strong>
          {toDecimalText(price)} {price.currency}
        </strong>{' '}
        each {price.interval}
        {startsAt ? `, from ${startsAt.slice(0, 10)} on` : ''}
      </p>
      <p role="status">{state === 'open' && declined ? 'The card was declined.' : states[state]}</p>
      {state === 'open' ? <Buttons actions={checkoutActions} /> : null}
      <p>
        <a href={/^https?:/.test(successUrl) ? successUrl : '/sandbox'}>Go back</a>
      </p>
    </>,
  )
}

/** The page of a subscription, with its payments and the actions of person, bank and time. */
export function subscriptionPage({ subscription, price, payments, nowMs }: SubscriptionView): string {
  return toPage(
    'Subscription',
    <>
      <p role="status">
        {subscription.status}
        {subscription.cancelAtPeriodEnd ? ', ends with its period' : ''}; {toDecimalText(price)} {price.currency} each{' '}
        {price.interval}, paid until {subscription.paidUntil}
        {subscription.declines ? '; the card is declined' : ''}
      </p>
      <p class="note">The time there: {new Date(nowMs).toISOString()}</p>
      <Buttons actions={subscriptionActions} />
      <h2>Payments</h2>
      <table>
        {payments.map((payment) => (
          <tr>
            <td>{payment.at}</td>
            <td>{payment.kind}</td>
            <td>{payment.status}</td>
            <td>
              {toDecimalText(payment)} {payment.currency}
            </td>
          </tr>
        ))}
      </table>
    </>,
  )
}

/** The list of all checkouts and subscriptions, with the clock. */
export function overviewPage({ subscriptions, checkouts, settings }: Overview): string {
  const days = Math.round(settings.offsetMs / 86_400_000)
  return toPage(
    'Payment sandbox',
    <>
      <p>Its clock is {days} days ahead.</p>
      <form method="post" action="/sandbox/clock">
        {[1, 7, 31, 366].map((ahead) => (
          <button type="submit" name="days" value={String(ahead)}>
            {ahead} days ahead
          </button>
        ))}
      </form>
      <h2>Subscriptions</h2>
      <ul>
        {subscriptions.map(({ id, status }) => (
          <li>
            <a href={`/sandbox/subscriptions/${id}`}>{id}</a> {status}
          </li>
        ))}
      </ul>
      <h2>Checkouts</h2>
      <ul>
        {checkouts.map(({ id, state }) => (
          <li>
            <a href={`/sandbox/checkouts/${id}`}>{id}</a> {state}
          </li>
        ))}
      </ul>
    </>,
  )
}
