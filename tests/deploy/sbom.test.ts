import { beforeAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv, { type ValidateFunction } from 'ajv'
import manifest from '../../package.json'
import { compiledProgram } from '../support/compiled.ts'
import { run } from '../support/image.ts'

type Component = {
  name: string
  version?: string
  purl: string
  'bom-ref': string
  licenses?: unknown[]
  hashes?: { alg: string; content: string }[]
  pedigree?: { patches: unknown[] }
}
type Bom = {
  metadata: { component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn?: string[] }[]
}

const project = join(import.meta.dir, '../..')
const schemas = join(project, 'node_modules/@cyclonedx/cyclonedx-library/res/schema')

let binary = ''
let text = ''
let bom: Bom

beforeAll(async () => {
  binary = await compiledProgram()
  await run([process.execPath, join(project, 'scripts/sbom.ts'), binary])
  text = readFileSync(`${binary}.cdx.json`, 'utf8')
  bom = JSON.parse(text)
  process.stderr.write(`The bill of materials lists ${bom.components.length} components in ${text.length} bytes.\n`)
})

test("the bill of materials is valid by CycloneDX's own schema, which finds a mistake", () => {
  const validate = validatorOf('bom-1.6', ['spdx', 'jsf-0.82'])
  validate(bom)
  expect(validate.errors ?? []).toEqual([])
  const [first] = bom.components
  const misspelt = { ...first, licenses: [{ license: { id: 'Mit' } }] }
  expect(validate({ ...bom, components: [misspelt] })).toBe(false)
})

test('it is of this very program, and lists each package that the program needs, once, with licence, purl and hash', () => {
  const sha256 = createHash('sha256').update(readFileSync(binary)).digest('hex')
  expect(bom.metadata.component).toMatchObject({ version: manifest.version, hashes: [{ content: sha256 }] })
  const purls = bom.components.map(({ purl }) => purl)
  expect(new Set(purls).size).toBe(purls.length)
  const names = purls.map((purl) => decodeURIComponent(/^pkg:\w+\/([^@]+)/.exec(purl)?.[1] ?? ''))
  // What is wanted at run time is listed; what serves development alone is not.
  const wanted = Object.keys(manifest.dependencies)
  expect(wanted.filter((name) => !names.includes(name))).toEqual([])
  expect(names).toContain('oven-sh/bun')
  expect(names.some((name) => name.startsWith('@node-rs/argon2-'))).toBe(true)
  expect(Object.keys(manifest.devDependencies).filter((name) => names.includes(name))).toEqual([])
  expect(bom.components.filter(({ licenses }) => !licenses?.length).map(({ name }) => name)).toEqual([])
  const unhashed = bom.components.filter(
    ({ hashes }) => !hashes?.every(({ content }) => /^[0-9a-f]{128}$/.test(content)),
  )
  expect(unhashed.map(({ name }) => name).sort()).toEqual([
    '@zxcvbn-ts common words',
    'SecLists common passwords',
    'bun',
    'swagger-ui-dist',
  ])
})

test('it shows our patches, and what depends on what by references that are there', () => {
  const changed = bom.components.filter(({ pedigree }) => pedigree?.patches.length)
  expect(changed.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(
    Object.keys(manifest.patchedDependencies).sort(),
  )
  const known = new Set([bom.metadata.component, ...bom.components].map((one) => one['bom-ref']))
  const named = bom.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn])
  expect(named.filter((ref) => !known.has(ref))).toEqual([])
})

test('Swagger UI has the version that its own folder names', () => {
  const { version } = bom.components.find(({ name }) => name === 'swagger-ui-dist') ?? {}
  const assets = readFileSync(join(project, 'src/ops/reference/assets.ts'), 'utf8')
  expect(assets).toContain(`swagger-ui-dist ${version},`)
})

test('the same program gives the same bytes', async () => {
  await run([process.execPath, join(project, 'scripts/sbom.ts'), binary])
  expect(readFileSync(`${binary}.cdx.json`, 'utf8')).toBe(text)
})

/** Formats (dates, addresses) are not looked at. */
function validatorOf(name: string, others: string[]): ValidateFunction {
  const read = (one: string) => JSON.parse(readFileSync(join(schemas, `${one}.SNAPSHOT.schema.json`), 'utf8')) as object
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  // Under the names that the schema refers to them by.
  for (const other of others) ajv.addSchema(read(other), `http://cyclonedx.org/schema/${other}.SNAPSHOT.schema.json`)
  return ajv.compile(read(name))
}
