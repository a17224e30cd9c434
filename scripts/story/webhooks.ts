import { demand, memberOf, type Step } from './step.ts'

const hooks = '/v1/admin/webhooks'
// Nothing is sent: names under .invalid have no address.
const url = 'https://crm.example.invalid/manas360'
const secretOf = (body: unknown) => `${memberOf(body, 'secret')}`

/** A superadmin makes an endpoint that receives events. */
export const webhooks: Step[] = [
  {
    title: 'Tell another service',
    text: 'It hears of every account that is erased, so that it can delete what it knows. The secret, with which it verifies each message, is shown this once.',
    run: { method: 'POST', path: hooks, as: 'ROOT', body: { url, events: ['account.erased', 'role.changed'] } },
    expect: { status: 201 },
    keep: { HOOK: 'id', HOOK_SECRET: 'secret' },
    check({ body }) {
      demand(secretOf(body).startsWith('whsec_'), 'a secret of Standard Webhooks')
      return 'a secret, once'
    },
  },
  {
    title: 'Not into a network of our own',
    text: 'Private addresses are refused in every spelling; a name that leads to one is refused whenever a message is sent.',
    run: {
      method: 'POST',
      path: hooks,
      as: 'ROOT',
      body: { url: 'https://0xA9FEA9FE/latest/meta-data', events: ['account.erased'] },
    },
    expect: { status: 422, code: 'validation-failed' },
  },
  {
    title: 'Try it',
    text: 'The event `webhook.test` waits for its turn, and is tried ten times over a day.',
    run: { method: 'POST', path: `${hooks}/$HOOK/test`, as: 'ROOT' },
    expect: { status: 202 },
    check({ body }) {
      demand(body.type === 'webhook.test' && body.status === 'queued', 'a test that waits')
      return `${body.type}: ${body.status}`
    },
  },
  {
    title: 'Another secret',
    text: 'For a day both sign, so that the receiver can be given the new one meanwhile.',
    run: { method: 'POST', path: `${hooks}/$HOOK/rotate`, as: 'ROOT' },
    expect: { status: 200 },
    check({ body }, { HOOK_SECRET }) {
      demand(secretOf(body).startsWith('whsec_') && secretOf(body) !== HOOK_SECRET, 'another secret')
      return 'another secret'
    },
  },
  {
    title: 'Tell it no more',
    text: 'What waits for it goes with it.',
    run: { method: 'DELETE', path: `${hooks}/$HOOK`, as: 'ROOT' },
    expect: { status: 204 },
  },
]
