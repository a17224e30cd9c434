/** Text of `bytes` UTF-8 bytes, a repeated piece. */
function repeat(piece: string, bytes: number): string {
  return piece.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(piece))))
}

/** Combining marks of two classes in the order that normalisation must undo: each moves past all before it. */
const marks = '\u0301\u0327'

/** The most expensive values to process, each about `bytes` long. */
export const costlyValues: Record<string, (bytes: number) => unknown> = {
  'marks in no canonical order': (bytes) => `a${repeat(marks, bytes)}`,
  'an address of marks': (bytes) => `a${repeat(marks, bytes)}@x.com`,
  'a host of marks': (bytes) => `a@x${repeat(marks, bytes)}.com`,
  'letters that become eighteen': (bytes) => repeat('\uFDFA', bytes),
  'a host of labels': (bytes) => `a@${repeat('ü.', bytes)}com`,
  'a host of one label': (bytes) => `a@${repeat('ü', bytes)}.com`,
  'an A-label': (bytes) => `a@xn--${repeat('a', bytes)}.com`,
  'a local part of dots': (bytes) => `${repeat('a.', bytes)}@x.com`,
  'nothing but @': (bytes) => repeat('@', bytes),
  'a language of variants': (bytes) => `en${Array.from({ length: bytes / 7 }, (_, i) => `-v${10_000 + i}`).join('')}`,
  'a language of extensions': (bytes) => `en-x${repeat('-abcdefgh', bytes)}`,
  'a time zone of parts': (bytes) => `A${repeat('a/', bytes)}`,
  digits: (bytes) => repeat('1', bytes),
  'digits and separators': (bytes) => `+${repeat('1 (', bytes)}`,
  spaces: (bytes) => `${repeat(' ', bytes)}x${repeat(' ', bytes)}`.slice(0, bytes),
  'wide spaces around a letter': (bytes) => `${repeat('\u3000', bytes / 2)}x${repeat('\u3000', bytes / 2)}`,
  joiners: (bytes) => repeat('\u200D', bytes),
  'escaped joiners': (bytes) => repeat('\u200D', bytes / 2),
  emoji: (bytes) => repeat('👩‍👩‍👧‍👦', bytes),
  'lower-case letters': (bytes) => repeat('a', bytes),
  'a name and dots': (bytes) => repeat('a.', bytes),
  underscores: (bytes) => `a${repeat('_', bytes)}`,
  'a time of many digits': (bytes) => `2026-01-31T09:30:00.${repeat('1', bytes)}Z`,
  'a day and more': (bytes) => `2026-01-31${repeat('1', bytes)}`,
  hyphens: (bytes) => repeat('01980f5c-', bytes),
  'an address of zeros': (bytes) => repeat('0:', bytes),
  'an address of ones': (bytes) => `${repeat('1.', bytes)}1/24`,
  slashes: (bytes) => repeat('/', bytes),
  'a token of dots': (bytes) => repeat('eyJhbGciOi.', bytes),
  backslashes: (bytes) => repeat('\\', bytes / 2),
  quotes: (bytes) => repeat('"', bytes / 2),
  controls: (bytes) => repeat('\u0001', bytes / 6),
  wildcards: (bytes) => repeat('%_', bytes),
  zeros: (bytes) => Array(Math.floor(bytes / 2)).fill(0),
  'empty texts': (bytes) => Array(Math.floor(bytes / 3)).fill(''),
  'names of permissions': (bytes) => Array(Math.floor(bytes / 16)).fill('profile.readx'),
  'wrong names': (bytes) => Array(Math.floor(bytes / 5)).fill('A!'),
  ranges: (bytes) => Array(Math.floor(bytes / 13)).fill('10.0.0.0/8'),
  'empty objects': (bytes) => Array(Math.floor(bytes / 3)).fill({}),
  'features by the hundred': (bytes) => Array.from({ length: bytes / 13 }, () => ({ name: 'a' })),
  'empty lists': (bytes) => Array(Math.floor(bytes / 3)).fill([]),
  'a thousand members': () =>
    Object.fromEntries(Array.from({ length: 990 }, (_, i) => [`member_${i}`, 'x'.repeat(40)])),
  'many more members': (bytes) => Object.fromEntries(Array.from({ length: bytes / 11 }, (_, i) => [`k${i}`, 0])),
  'lists in lists': (bytes) => nested(30, bytes),
}

function nested(depth: number, bytes: number): unknown {
  let value: unknown = Array(Math.floor(bytes / 2)).fill(1)
  for (let i = 1; i < depth; i++) value = [value]
  return value
}
