import { AppError } from '../../errors/app-error.ts'
import { middleware } from '../middleware.ts'
import type { PublicEnv, Services } from '../request.ts'

const loopback = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i
/**
 * The hosts by which browsers on this machine reach it: a foreign name that resolves to it (DNS rebinding) is refused.
 */
const ownName = /^(?:localhost|[a-z0-9-]+\.localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i
/** Headers that a proxy or a tunnel adds: the peer is then not the client. */
const forwarding =
  /^(?:x-)?forwarded(?:-|$)|^via$|^cdn-loop$|^x-(?:original|envoy|amzn|amz-cf|azure|appengine|vercel|nf)-|^(?:cf|fastly|fly|ngrok)-|(?:^|-)(?:real|client|connecting|user)-?ip$/

/** Answers 404 to everybody but a browser on this machine, and to that too unless `isOn`: for pages of development. */
export function onlyOwnMachine(isOn: (config: Services['config']) => boolean) {
  return middleware<PublicEnv>({
    name: 'ownMachineOnly',
    before(c) {
      const { headers } = c.req.raw
      const peer = c.env?.server?.requestIP(c.req.raw)?.address ?? ''
      const isOwn = loopback.test(peer) && ownName.test(headers.get('host') ?? new URL(c.req.url).host)
      if (!isOn(c.get('deps').config) || !isOwn || [...headers.keys()].some((name) => forwarding.test(name)))
        throw new AppError('not-found')
    },
  })
}
