import type { Guard } from './guard.ts'

const json = 'src/http/input/json.ts'
const clientIp = 'src/addresses/client-ip.ts'
const body = 'src/http/input/body.ts'

/** Guards of requests and answers. */
export const requestGuards: Guard[] = [
  {
    name: 'proxy trust: a peer that is none of our proxies',
    file: clientIp,
    from: 'isTrusted: contain(networks, address)',
    to: 'isTrusted: networks.length > 0',
    tests: ['addresses/client-ip'],
  },
  {
    name: 'proxy trust: the first hop that is none',
    file: clientIp,
    from: 'i < maxHops && client.isTrusted; i++',
    to: 'i < maxHops && hops.length > 0; i++',
    tests: ['addresses/client-ip'],
  },
  {
    name: 'proxy trust: a header that proxies send once',
    file: clientIp,
    from: "if (header !== 'x-forwarded-for' && hops.length > 1) return client.ip\n",
    to: '\n',
    tests: ['addresses/client-ip'],
  },
  {
    name: 'the bound of a body that is announced',
    file: body,
    from: 'if (announced > limitBytes) throw tooLarge(limitBytes)\n  try',
    to: 'try',
    tests: ['hostile-input', 'http/input/json-body'],
  },
  {
    name: 'the bound of a body in chunks',
    file: body,
    from: 'if (length > limitBytes) throw tooLarge(limitBytes)\n    chunks',
    to: 'chunks',
    tests: ['http/input/json-body'],
  },
  {
    name: 'the media type of a body',
    file: body,
    from: 'type === null || !isJsonType(type) || ',
    to: '',
    tests: ['hostile-input', 'http/input/json-body'],
  },
  {
    name: 'keys of a prototype',
    file: json,
    from: "if (key === '__proto__' || key === 'constructor' || key === 'prototype')",
    to: "if (key === '')",
    tests: ['http/input/json', 'hostile-input'],
  },
  { name: 'a key twice', file: json, from: 'if (seen.has(key))', to: "if (key === '')", tests: ['http/input/json'] },
  {
    name: 'depth',
    file: json,
    from: 'if (levels.length === maxDepth)',
    to: 'if (levels.length > 1e9)',
    tests: ['http/input/json'],
  },
  {
    name: 'the number of keys',
    file: json,
    from: '++keyCount > maxKeys',
    to: '++keyCount > 1e9',
    tests: ['http/input/json'],
  },
  {
    name: 'one Host, and a good one',
    file: 'src/http/middleware/framing.ts',
    from: 'if (host !== goodHost && !isGoodHost(host, url))',
    to: 'if (host !== goodHost && !url)',
    tests: ['http/middleware/framing'],
  },
  {
    name: 'one Content-Length',
    file: 'src/http/middleware/framing.ts',
    from: 'if (length !== null && !isDigits(length))',
    to: "if (length === 'x')",
    tests: ['http/middleware/framing'],
  },
  {
    name: 'one spelling of a path',
    file: 'src/http/middleware/framing.ts',
    from: "path.includes('//') || (hasEscape && escapedUnreserved.test(path))",
    to: "path.includes('//')",
    tests: ['http/spelling'],
  },
  {
    name: 'nothing is changed for a request whose connection is about to be closed',
    file: 'src/http/middleware/whole-message.ts',
    from: 'if (left.aborted)',
    to: 'if (!left)',
    tests: ['http/whole-message'],
  },
  {
    name: 'origins are in a list',
    file: 'src/http/middleware/cors.ts',
    from: 'origin !== null && allowed.has(origin) ? origin : undefined',
    to: 'origin !== null ? origin : undefined',
    tests: ['http/middleware/cors'],
  },
  {
    name: 'pages of development are for this machine',
    file: 'src/http/middleware/own-machine.ts',
    from: ' || !isOwn || ',
    to: ' || ',
    tests: ['mail/kept'],
  },
  {
    name: 'no formula in a cell of the trail',
    file: 'src/admin/audit/search.ts',
    from: ', { escape_formulas: true }',
    to: '',
    tests: ['adversary/injection'],
  },
  {
    name: 'no formula in a cell of an export',
    file: 'src/account/export.ts',
    from: ', { escape_formulas: true }',
    to: '',
    tests: ['account/export', 'adversary/injection'],
  },
  {
    name: 'secrets stay out of the log',
    file: 'src/log/logger.ts',
    from: '|password|secret|token|',
    to: '|',
    tests: ['log/logger'],
  },
  {
    name: 'a value cannot forge a line of the log',
    file: 'src/log/logger.ts',
    from: 'return escapeControls(\n',
    to: 'return String(\n',
    tests: ['log/logger'],
  },
]
