import { runLoad } from '../../../bench/processes.ts'
import type { Case } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

/** Behind a proxy, so that the flood and the other clients have different addresses. */
const behindProxy = { TRUSTED_PROXIES: '127.0.0.1/32' }
const someAddress = () => `10.${[1, 2, 3].map(() => Math.floor(Math.random() * 256)).join('.')}`
const byte = () => Math.floor(Math.random() * 1e9)

export const loginFlood: Case = {
  name: 'login-flood',
  about: 'log-ins from one network, without pause over 64 connections: far more than there are cores for argon2',
  times: { short: 1, long: 2 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      environment: behindProxy,
      headers: () => ({ 'X-Forwarded-For': someAddress() }),
      async inject({ server }) {
        const requests = Array.from({ length: 200 }, () => {
          const body = JSON.stringify({ email: `nobody.${byte()}@flood.test`, password: 'not the right password' })
          return request('POST /v1/auth/login', body)
        })
        await flood(server().url, requests, options.isShort ? 1 : 15)
        return null
      },
    }),
}

export const anonymousFlood: Case = {
  name: 'anonymous-flood',
  about: 'requests without a token from one address, without pause over 64 connections, at a limit of 600 a minute',
  times: { short: 1, long: 2 },
  run: (stand, options) =>
    underTraffic(stand, options, {
      environment: { ...behindProxy, RATE_LIMIT_GLOBAL: '600/1m' },
      headers: () => ({ 'X-Forwarded-For': someAddress() }),
      isInvisible: true,
      async inject({ server }) {
        await flood(server().url, [request('GET /v1/plans')], options.isShort ? 1 : 15)
        return null
      },
    }),
}

/** Sends a flood from a process of its own. */
async function flood(url: string, requests: string[], seconds: number): Promise<void> {
  await runLoad({ port: Number(new URL(url).port), connections: 64, seconds, requests }, { pin: false })
}

function request(line: string, body = ''): string {
  const type = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
  return `${line} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\n${type}\r\n${body}`
}
