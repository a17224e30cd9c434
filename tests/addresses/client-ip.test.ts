import { describe, expect, test } from 'bun:test'
import { BlockList } from 'node:net'
import fc from 'fast-check'
import { createClientIp, parseTrustedProxies, rateLimitKey, rateLimitSite } from '../../src/addresses/client-ip.ts'

const from = (trust: string, peer: string | undefined, headers: Record<string, string> = {}) =>
  createClientIp(trust)({ headers: new Headers(headers) }, peer)
const xff = (value: string) => ({ 'X-Forwarded-For': value })

describe('without trust', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:cb00:7109', '203.0.113.9'],
    ['2001:DB8:0:0:1::0:1', '2001:db8::1:0:0:1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1.2.3.4', '::102:304'],
    ['0x7f.1', '0.0.0.0'],
    ['127.1', '0.0.0.0'],
    ['::1', '::1'],
    ['', '0.0.0.0'],
    ['not an address', '0.0.0.0'],
    [undefined, '0.0.0.0'],
  ])('the peer %p is %p, whatever the headers say', (peer, client) => {
    const headers = {
      ...xff('6.6.6.6'),
      'Fly-Client-IP': '6.6.6.6',
      'CF-Connecting-IP': '6.6.6.6',
      Forwarded: 'for=6.6.6.6',
    }
    for (const trust of ['none', '', '  ']) expect(from(trust, peer, headers)).toBe(client)
  })
})

describe('with trust', () => {
  test.each([
    // trust, peer, X-Forwarded-For, client
    ['10.0.0.0/8', '9.9.9.9', '6.6.6.6', '9.9.9.9'],
    ['10.0.0.0/8', '10.0.0.1', '6.6.6.6, 9.9.9.9', '9.9.9.9'],
    ['10.0.0.0/8', '10.0.0.1', '6.6.6.6, 9.9.9.9, 10.1.1.1 ,10.2.2.2', '9.9.9.9'],
    ['10.0.0.0/8', '::ffff:10.0.0.1', '::ffff:9.9.9.9', '9.9.9.9'],
    ['10.0.0.0/8', '10.0.0.1', '9.9.9.9:4711', '9.9.9.9'],
    ['10.0.0.0/8', '10.0.0.1', '[2001:DB8::7]:4711', '2001:db8::7'],
    ['10.0.0.0/8', '10.0.0.1', '2001:DB8::7', '2001:db8::7'],
    ['10.0.0.0/8', '10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', '10.3.3.3', '10.3.3.3'],
    ['10.0.0.0/8', '10.0.0.1', '9.9.9.9, unknown', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', '9.9.9.9, junk, 10.2.2.2', '10.2.2.2'],
    ['10.0.0.0/8', '10.0.0.1', '9.9.9.9,', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', '010.9.9.9', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1', 'for=9.9.9.9', '10.0.0.1'],
    // Another address than 10.0.0.9, so no proxy of ours.
    ['10.0.0.0/8', '10.0.0.1', '9.9.9.9, ::10.0.0.9', '::a00:9'],
    ['10.0.0.1', '10.0.0.2', '6.6.6.6', '10.0.0.2'],
    ['2001:db8::/32, 192.0.2.7', '2001:db8::1', '6.6.6.6, 9.9.9.9, 192.0.2.7', '9.9.9.9'],
    ['::ffff:10.0.0.0/104', '10.0.0.1', '9.9.9.9', '9.9.9.9'],
    ['alb', '172.31.0.9', '6.6.6.6, 9.9.9.9', '9.9.9.9'],
    ['ALB', '8.8.8.8', '6.6.6.6', '8.8.8.8'],
  ])('trusting %p, peer %p with %p is %p', (trust, peer, header, client) => {
    expect(from(trust, peer, xff(header))).toBe(client)
  })

  test.each([
    ['fly', '172.16.3.4', 'Fly-Client-IP', '9.9.9.9', '9.9.9.9'],
    ['fly', 'fdaa:1::3', 'Fly-Client-IP', '2001:db8::7', '2001:db8::7'],
    ['fly', '172.16.3.4', 'Fly-Client-IP', '6.6.6.6, 9.9.9.9', '172.16.3.4'],
    ['fly', '172.16.3.4', 'Fly-Client-IP', 'junk', '172.16.3.4'],
    ['fly', '172.17.3.4', 'Fly-Client-IP', '6.6.6.6', '172.17.3.4'],
    ['fly', '172.16.3.4', 'X-Forwarded-For', '6.6.6.6', '172.16.3.4'],
    ['cloudflare', '104.16.0.1', 'CF-Connecting-IP', '9.9.9.9', '9.9.9.9'],
    ['cloudflare', '2606:4700::1', 'CF-Connecting-IP', '9.9.9.9', '9.9.9.9'],
    ['cloudflare', '104.16.0.1', 'X-Forwarded-For', '6.6.6.6', '104.16.0.1'],
    ['cloudflare', '104.32.0.1', 'CF-Connecting-IP', '6.6.6.6', '104.32.0.1'],
  ])('the preset %s believes peer %p with %s %p: %p', (trust, peer, name, value, client) => {
    expect(from(trust, peer, { [name]: value })).toBe(client)
  })

  test('of a chain of proxies that has no end, 32 are followed', () => {
    const chain = (length: number) => from('10.0.0.0/8', '10.0.0.1', xff(`9.9.9.9${',10.0.0.2'.repeat(length)}`))
    expect(chain(31)).toBe('9.9.9.9')
    expect(chain(32)).toBe('10.0.0.2')
    expect(chain(1_700)).toBe('10.0.0.2')
  })

  test('nothing that a client writes to the left changes who it is', () => {
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom('', 'unknown', '10.0.0.9', ' '),
      fc.stringMatching(/^[!-~]*$/),
    )
    fc.assert(
      fc.property(fc.array(hop), (forged) => {
        expect(from('10.0.0.0/8', '10.0.0.1', xff([...forged, '9.9.9.9', '10.0.0.2'].join(', ')))).toBe('9.9.9.9')
      }),
    )
  })
})

describe('TRUSTED_PROXIES', () => {
  test.each([
    ['10.0.0.0/33', '10.0.0.0/33'],
    ['::/129', '::/129'],
    ['10.0.0.0/8,nonsense', 'nonsense'],
    ['10.0.0.0/8,,1.1.1.1', '""'],
    ['10.0.0/8', '10.0.0/8'],
    ['10.0.0.0/', '10.0.0.0/'],
    ['10.0.0.0/8/8', '10.0.0.0/8/8'],
    ['10.0.0.0/-1', '10.0.0.0/-1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['fly,10.0.0.0/8', 'fly'],
    ['constructor', 'constructor'],
    ['fe80::%eth0/10', 'fe80::%eth0/10'],
  ])('%p is refused, and the message names the entry', (text, named) => {
    expect(() => parseTrustedProxies(text)).toThrow(named)
    expect(() => createClientIp(text)).toThrow(named)
  })

  test('a range holds exactly the addresses that the standard library says', () => {
    const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 }), fc.constant('ipv4' as const))
    const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 1, max: 128 }), fc.constant('ipv6' as const))
    const near = (address: string, other: string, keep: number) => {
      const separator = address.includes(':') ? ':' : '.'
      const [a, b] = [address.split(separator), other.split(separator)]
      return a.length === b.length ? a.map((part, i) => (i < keep ? part : b[i])).join(separator) : other
    }
    fc.assert(
      fc.property(
        fc.oneof(v4, v6),
        fc.ipV4(),
        fc.ipV6(),
        fc.nat(8),
        ([network, prefix, family], other4, other6, keep) => {
          const list = new BlockList()
          list.addSubnet(network, prefix, family)
          const peer = near(network, family === 'ipv4' ? other4 : other6, keep)
          const believed = from(`${network}/${prefix}`, peer, xff('203.0.113.9')) === '203.0.113.9'
          fc.pre(rateLimitKey(peer) === peer || family === 'ipv6')
          expect(believed).toBe(list.check(peer, family) || peer === '203.0.113.9')
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('one spelling', () => {
  test('an address is written as the URL standard writes it, and only once', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        fc.pre(URL.canParse(`http://[${address}]/`)) // Bun's parser refuses a few, such as 0:0::0:0:0.0.0.0
        const client = from('none', address)
        const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
        if (client.includes(':')) expect(client).toBe(canonical)
        expect(from('none', client)).toBe(client)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8::/64'],
    ['::1', '::/64'],
    ['0.0.0.0', '0.0.0.0'],
  ])('the limits count %p as %p', (address, key) => {
    expect(rateLimitKey(address)).toBe(key)
  })

  test.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:DB8:1:ffff::', '2001:db8:1::/48'],
    ['::1', '::/48'],
    ['203.0.113.9', null],
    ['::ffff:203.0.113.9', null],
  ])('the site around %p is %p', (address, site) => {
    expect(rateLimitSite(address)).toBe(site)
  })

  test('two IPv4 addresses never share a key, mapped or not', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), (a, b) => {
        expect(rateLimitKey(`::ffff:${a}`)).toBe(rateLimitKey(a))
        expect(rateLimitKey(a) === rateLimitKey(b)).toBe(a === b)
      }),
    )
  })
})
