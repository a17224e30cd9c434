import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import filterPath from '../../src/auth/common-passwords.bin' with { type: 'file' }
import { isCommonPassword } from '../../src/auth/common-passwords.ts'
import { bitsOfWord } from '../../src/auth/common-words.ts'
import listPath from '../../src/auth/common-words.txt' with { type: 'file' }
import { checkNewPassword, normalisePassword } from '../../src/auth/password-rules.ts'
import { PresentedPassword } from '../../src/http/input/password.ts'
import { costsBeside } from '../support/cpu.ts'

const context = { email: 'asha.rao@example.com', firstName: 'Asha', lastName: 'Rao', minLength: 12 }
const codeOf = (password: string, other: Partial<Parameters<typeof checkNewPassword>[1]> = {}) =>
  checkNewPassword(password, { ...context, ...other })?.code

describe('a presented password', () => {
  test('is any string of 1 to 256 code points', () => {
    for (const text of ['x', ' ', 'पासवर्ड', '🌧'.repeat(256), 'x'.repeat(256)])
      expect(PresentedPassword.safeParse(text).success).toBe(true)
    for (const value of ['', 'x'.repeat(257), '🌧'.repeat(257), 'x'.repeat(1_000_000), 12, null, undefined, ['x']])
      expect(PresentedPassword.safeParse(value).success).toBe(false)
  })

  test('is passed on as it came', () => {
    expect(PresentedPassword.parse('  Ｑ ')).toBe('  Ｑ ')
  })
})

test('two spellings that NFKC makes equal are one password; case and spaces stay', () => {
  expect(normalisePassword('ｃａｆé')).toBe(normalisePassword('cafe\u0301'))
  expect(normalisePassword('Ab ')).toBe('Ab ')
})

describe('the length of a new password', () => {
  test('is counted in code points, and the least is configurable', () => {
    expect(codeOf('🌧🐱🚀🧭🍋🎈🪁🥁🧊🪵🌵')).toBe('too-short')
    expect(codeOf('🌧🐱🚀🧭🍋🎈🪁🥁🧊🪵🌵🪻')).toBeUndefined()
    expect(codeOf('tfkwvbqz', { minLength: 8 })).toBeUndefined()
    expect(codeOf('tfkwvbqz', { minLength: 9 })).toBe('too-short')
  })

  test('is counted before and after NFKC, so that a ligature is no long password', () => {
    expect(codeOf('\uFDFA')).toBe('too-short')
    expect(codeOf('e\u0301a\u0301o\u0301u\u0301i\u0301tkw')).toBe('too-short')
    expect(codeOf('\uFDFA'.repeat(200))).toBe('too-long')
  })

  test('is at most 256', () => {
    const long = Array.from({ length: 64 }, (_, i) => `k${i % 7}x${i % 5}`).join('')
    expect(codeOf(long)).toBeUndefined()
    expect(codeOf(`${long}k`)).toBe('too-long')
  })
})

test('there is no rule about kinds of characters', () => {
  for (const password of ['rainbow kettle seven', 'tropical otter', 'गंगा के किनारे शाम', '491827364509', 'vK3$wq81bnZp'])
    expect(codeOf(password)).toBeUndefined()
})

test('a breached password is refused, in any case', () => {
  for (const password of ['1q2w3e4r5t6y', 'QAZWSXEDCRFV', 'sonyericsson', 'FinalFantasy', 'ghbdtnghbdtn'])
    expect(codeOf(password)).toBe('common')
  expect(codeOf('trustno1', { minLength: 8 })).toBe('common')
})

describe('what people make of a common word is refused too', () => {
  const cases = {
    'digits and punctuation after it': ['Password1234!', 'iloveyou12345', 'summer1029384756'],
    'the same before it': ['2024!!password', '!!!!!!!!password'],
    'digits and punctuation within it': ['p-a-s-s-w-o-r-d', 'blue-sky-2024!'],
    'other signs for its letters': [
      'P@ssw0rd1234',
      'Pa$$w0rd!2024',
      '$ecret123456',
      '@dministr@t0r',
      'adm1n1strator',
      '|etmein|etmein',
    ],
    'one of the list with punctuation': ['1q2w3e4r5t6y!', '...zaq12wsxcde3'],
    'a repetition': ['passwordpassword', 'Monkey!Monkey!', 'trustno1trustno1'],
    'another width of letters': ['ｐａｓｓｗｏｒｄ２９１７'],
  }
  for (const [what, passwords] of Object.entries(cases))
    test(what, () => {
      for (const password of passwords) expect([password, codeOf(password)]).toEqual([password, 'common'])
    })
})

test('a common word among other words, or beside twelve unpredictable characters, is fine', () => {
  for (const password of [
    'correct horse battery staple',
    'xkcd936936tree',
    '7281-4456-2210-9931 rose',
    'my summer of kites',
    'big-2739146508',
  ])
    expect([password, codeOf(password)]).toEqual([password, undefined])
  expect(codeOf('love123456789012')).toBe('too-simple')
  expect(codeOf('password541233432442')).toBe('common')
})

test('repeats and sequences are refused', () => {
  const simple = [
    'aaaaaaaaaaaa',
    'xkkxxkxkxxkk',
    '123456789012',
    '098765432109',
    'abcabcabcabc',
    '121212121212',
    'qwertyuiop[]',
    'asdfghjkl123',
    'lkjhgfdsa123',
    'xk4pxk4pxk4p',
    'abcd1234abcd',
    'li1234567890',
  ]
  for (const password of simple) expect([password, codeOf(password)]).toEqual([password, 'too-simple'])
})

describe('a password made of context words', () => {
  test('is refused for the product, the e-mail address and the names', () => {
    const made = [
      'Manas360!2026',
      'manas360manas360',
      'M4n4s360!!!!',
      'asha.rao@example.com',
      'Asha.Rao2739!',
      'AshaRao27391',
      'RaoAsha273914',
      'asha@manas360',
      'asha-rao-manas',
    ]
    for (const password of made) expect([password, codeOf(password)]).toEqual([password, 'context'])
  })

  test('is refused for names in any script and local parts of any kind', () => {
    expect(codeOf('गायत्री2739146', { firstName: 'गायत्री' })).toBe('context')
    expect(codeOf('Zbigniewa@2739', { firstName: 'Zbigniewa' })).toBe('context')
    expect(codeOf('Quxzorp+9!2739', { email: 'Quxzorp+9@example.com' })).toBe('context')
    expect(codeOf('quxzorp2739146', { email: 'quxz.orp@example.com' })).toBe('context')
    expect(codeOf('vorpl2739146', { email: 'quxzo.vorpl@example.com' })).toBe('context')
    expect(codeOf('7039182645!!!', { email: '7039182645@example.com' })).toBe('context')
  })

  test('is told from one that merely contains such a word', () => {
    for (const password of ['ashalovescats', 'asha likes trains', 'my manas journal', 'asha 7281-4456-2210-9931'])
      expect([password, codeOf(password)]).toEqual([password, undefined])
    expect(codeOf('Zbigniewa@2739', { firstName: null, lastName: undefined })).toBeUndefined()
    expect(codeOf('liu 2739146508', { firstName: 'Liu' })).toBeUndefined()
  })
})

test('what is refused is said at path password, without the password', () => {
  const error = checkNewPassword('Password1234!', context)
  expect(error).toMatchObject({ path: 'password', code: 'common' })
  expect(error?.message).not.toContain('1234')
})

describe('a password of several words', () => {
  test('is refused when they are few and common, whatever stands between or around them', () => {
    const made = [
      'letmeinplease',
      'Let me in, please!',
      'l3tm31npl3as3',
      'letmeinpleaseletmeinplease',
      'iloveyoubaby1',
      'this is my password',
      'mypasswordis123',
      'ChangeMePlease',
      'football-baseball',
      'dragon monkey 12',
      'welcome home 2025',
    ]
    for (const password of made) expect([password, codeOf(password)]).toEqual([password, 'common'])
  })

  test('is refused when everybody knows them by heart, written as one', () => {
    for (const password of [
      'correcthorsebatterystaple',
      'CorrectHorseBatteryStaple1!',
      'c0rrecthorsebatterystaple',
      'correct-horse-battery-staple',
      'MayTheForceBeWithYou',
      'vandemataram1947',
    ])
      expect([password, codeOf(password)]).toEqual([password, 'common'])
  })

  test('is refused when it is little but what is known of service, address and person', () => {
    const made = [
      'manas360admin!',
      'Admin@Manas360',
      'manas360rocks',
      'ilovemanas360',
      'welcometomanas360',
      'manas-login-1',
      'AshaAdmin2024',
      'example-login-1',
      'rao.example.asha',
    ]
    for (const password of made) expect([password, codeOf(password)]).toEqual([password, 'context'])
    expect(codeOf('quxzorpadmin1', { email: 'quxzorp@example.com' })).toBe('context')
    expect(codeOf('gayatri password 1', { firstName: 'Gayatri' })).toBe('context')
  })

  test('is fine when nobody would propose them together', () => {
    for (const password of [
      'tundra velvet cactus mop',
      'tundravelvetcactusmop',
      'umbrella ceramic walnut drizzle',
      'purple monkey dishwasher',
      'green tea and toast',
      'i walk my dog at dawn',
      'manas tundra velvet cactus',
      'नदी पहाड़ बादल चिड़िया',
    ])
      expect([password, codeOf(password)]).toEqual([password, undefined])
  })

  test('of four drawn by dice from the words that are kept is fine, always', async () => {
    const words = (await listed()).map(({ word }) => word).filter((word) => /^[a-z]{4,8}$/.test(word))
    const draw = fc.constantFrom(...words.filter((word) => (bitsOfWord(word) ?? 0) >= 10))
    fc.assert(
      fc.property(fc.array(draw, { minLength: 4, maxLength: 6 }), fc.constantFrom(' ', '-', ''), (drawn, between) => {
        fc.pre(new Set(drawn).size === drawn.length)
        expect(codeOf(drawn.join(between))).toBeUndefined()
      }),
      { numRuns: 500, seed: 20_261_128 },
    )
  })
})

test('what a generator makes is fine, but for one in a thousand at most', () => {
  const signs = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#$%&*+-=?@'
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => signs[byte % signs.length])
  const refused = Array.from({ length: 1_000 }, () => random().join('')).filter((password) => codeOf(password))
  expect(refused.length).toBeLessThanOrEqual(1)
})

async function listed(): Promise<{ word: string; bits: number }[]> {
  const text = await Bun.file(listPath).text()
  const lines = text.slice(text.indexOf('\n\n') + 2, -1).split('\n')
  return lines.map((line) => ({ word: line.slice(0, -2), bits: (line.charCodeAt(line.length - 1) - 65) / 2 }))
}

describe('the lists', () => {
  test('of words is sorted, lower case and whole, so that each word of it is found, in the other too', async () => {
    expect(await Bun.file(listPath).text()).toContain('MIT licence')
    const entries = await listed()
    expect(entries.length).toBeGreaterThan(80_000)
    const words = entries.map(({ word }) => word)
    expect(words).toEqual([...new Set(words.map((word) => word.toLowerCase()))].sort())
    expect(entries.filter(({ word, bits }) => bitsOfWord(word) !== bits)).toEqual([])
    expect(words.filter((word) => word.length >= 4 && !isCommonPassword(word))).toEqual([])
  })

  test('of passwords holds a million, among them the rare ones', async () => {
    const file = Buffer.from(await Bun.file(filterPath).arrayBuffer())
    expect(file.toString('latin1', 0, 600)).toContain('ShareAlike 3.0')
    // At 32 bits an entry; a filter in which about 39 % of the bits are set holds as many as it was made for.
    const bits = file.subarray(file.indexOf('\n\n') + 2)
    expect(bits.byteLength * 8).toBeGreaterThanOrEqual(32_000_000)
    const set = bits.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
    expect(set / (bits.byteLength * 8)).toBeWithin(0.38, 0.41)
    for (const word of ['iloveyouforever', 'password1234', 'wykfjk5tbbny', 'wykiv79uj5cu6', 'vjutgweuqsp146d'])
      expect([word, isCommonPassword(word)]).toEqual([word, true])
  })

  test('hold hardly anything else: of made-up words one in millions', () => {
    for (const word of ['', '\n', 'password\n', 'passwordx1x', 'passwor~', '# source', 'é'])
      expect([word, isCommonPassword(word), bitsOfWord(word)]).toEqual([word, false, null])
    const strangers = Array.from({ length: 20_000 }, () => crypto.randomUUID())
    expect(strangers.filter(isCommonPassword).length).toBeLessThanOrEqual(1)
  })
})

test('the costliest password to judge costs no more than a few times what a plain one of its length does', async () => {
  const judge = (password: string) => async () => {
    for (let i = 0; i < 40; i++) codeOf(`${i}${password}`)
    return new Response()
  }
  const plain = judge(Array.from({ length: 250 }, (_, i) => 'kzqwxv'[(i * i) % 6]).join(''))
  const costOf = costsBeside(plain, 10)
  for (const password of [
    'letmeinplease'.repeat(19),
    'password1'.repeat(27),
    'ab1!'.repeat(62),
    'themeinatonofas '.repeat(4),
  ])
    expect(await costOf(judge(password))).toBeLessThan(10)
})
