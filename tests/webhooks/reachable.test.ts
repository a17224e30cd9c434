import { describe, expect, test } from 'bun:test'
import { parseNetwork } from '../../src/addresses/networks.ts'
import { isReachable, loopbackNetworks } from '../../src/webhooks/reachable.ts'
import { refusalOf } from '../../src/webhooks/url.ts'

const production = { networks: [], inClear: false }
const development = { networks: loopbackNetworks, inClear: true }

describe('an address is reached', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.128.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:800::200e',
    '64:ff9b::808:808',
    '::ffff:8.8.8.8',
  ])('that is globally reachable: %s', (address) => {
    expect(isReachable(address, [])).toBe(true)
  })

  test.each([
    ...[
      '0.0.0.0',
      '10.0.0.1',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
    ],
    ...[
      '192.0.0.8',
      '192.0.2.1',
      '192.88.99.1',
      '192.168.1.1',
      '198.18.0.1',
      '198.19.255.255',
      '198.51.100.1',
      '203.0.113.1',
    ],
    ...[
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:169.254.169.254',
    ],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
      '3fff::1',
    ],
    ...[
      '5f00::1',
      'fc00::1',
      'fd00:ec2::254',
      'fe80::1',
      'fec0::1',
      'ff02::1',
      '::ffff:0:127.0.0.1',
      'fe80::1%eth0',
      'localhost',
      '',
    ],
  ])('never: %s', (address) => {
    expect(isReachable(address, [])).toBe(false)
  })

  test('of a private network that is allowed, and of that one alone', () => {
    const allowed = [parseNetwork('10.1.0.0/16')].filter((network) => typeof network !== 'string')
    expect(['10.1.2.3', '::ffff:10.1.2.3', '10.2.0.1', '127.0.0.1'].map((ip) => isReachable(ip, allowed))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

describe('a URL', () => {
  test.each([
    'https://example.com/hooks?x=1',
    'https://example.com:443/',
    'https://example.com:8443/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://unresolvable.invalid/',
    'https://localhost/',
  ])('is taken: %s', (url) => {
    expect(refusalOf(url, production)).toBeNull()
  })

  test.each([
    ...[
      '',
      'hooks',
      '//example.com',
      'http://example.com/',
      'ftp://example.com/',
      'javascript:alert(1)',
      'file:///etc/passwd',
    ],
    ...[
      'https://user@example.com/',
      'https://user:password@example.com/',
      'https://:p@example.com/',
      'https://example.com/#x',
      'https://example.com/#',
    ],
    ...[
      'https://example.com:80/',
      'https://example.com:22/',
      'https://example.com:1023/',
      'https://example.com:0/',
      'https://example.com:70000/',
    ],
    ...[
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0177.0.0.1/',
      'https://0x7f.1/',
      'https://127.1/',
      'https://①②⑦.0.0.1/',
    ],
    ...[
      'https://169.254.169.254/latest/meta-data/',
      'https://10.0.0.1/',
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://[64:ff9b::7f00:1]/',
    ],
    ...[
      'https://[fe80::1]/',
      'https://[fd00::1]/',
      'https://0/',
      'https://[::]/',
      'http://127.0.0.1:3000/',
      'http://localhost:3000/',
    ],
  ])('is refused: %s', (url) => {
    expect(refusalOf(url, production)).toBeString()
  })

  test('reaches this machine in development, in clear too, and no other in clear', () => {
    const urls = ['http://127.0.0.1:3000/', 'http://localhost:3000/', 'http://[::1]:3000/', 'https://127.0.0.1:3000/']
    expect(urls.map((url) => refusalOf(url, development))).toEqual([null, null, null, null])
    for (const url of ['http://example.com:8080/', 'http://10.0.0.1:8080/', 'http://localhost.example.com:8080/'])
      expect([url, refusalOf(url, development)]).toEqual([url, expect.any(String)])
  })
})
