import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import manifest from '../../package.json'

const read = (file: string) => readFileSync(join(import.meta.dir, '../..', file), 'utf8')
const dockerfile = read('Dockerfile')

test('the linter finds nothing in the Dockerfile, and finds what is wrong', () => {
  expect(validate(dockerfile).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([])
  expect(validate(`${dockerfile}\nSTOPSIGNAL NEVER\nUSERS me\n`).length).toBeGreaterThan(0)
})

test('what ends in the image is named by its digest, and what compiles it by the version that the project asks for', () => {
  const bases = [...dockerfile.matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(([, base = '']) => base)
  expect(bases).toEqual([
    expect.stringMatching(/^gcr\.io\/distroless\/cc-debian12:nonroot@sha256:[0-9a-f]{64}$/),
    `oven/${manifest.packageManager.replace('@', ':')}`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the Dockerfile's own variable
    '${BASE}',
  ])
  expect(dockerfile).toMatch(/^ARG BASE=base$/m)
})

test('nothing is run, fetched or kept in the final stage but the program', () => {
  const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  const instructions = [...final.matchAll(/^([A-Z]+) /gm)].map(([, name]) => name)
  expect(instructions.filter((name) => ['RUN', 'ADD', 'VOLUME', 'SHELL', 'ONBUILD'].includes(name ?? ''))).toEqual([])
  expect(final.match(/^COPY .*/gm)).toEqual(['COPY --from=build /app/dist/manas360 /manas360'])
})

test('the builder is given every file that the Dockerfile copies, and no secret', () => {
  const ignore = read('.dockerignore').split('\n')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) => files.split(' '))
  expect(copied.filter((file) => !ignore.includes(`!${file}`))).toEqual([])
  expect(ignore[1]).toBe('*')
  for (const kept of ['**/.env*', '**/*.pem', '**/*.key']) expect(ignore).toContain(kept)
})
