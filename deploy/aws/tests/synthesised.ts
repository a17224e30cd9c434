import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Template } from 'aws-cdk-lib/assertions'
import { createStacks } from '../src/app.ts'
import { Settings } from '../src/settings.ts'

export const root = join(import.meta.dir, '..', '..', '..')
export const read = (path: string) => readFileSync(join(root, path), 'utf8')
export const example = JSON.parse(read('deploy/aws/settings.example.json'))
export const imageDigest = `sha256:${'a'.repeat(64)}`
/** The authorities of the package are valid then; tests do not look at the clock. */
export const now = new Date('2026-11-28')

// Each test validates once where it means to: that costs more than all else.
process.env.CDK_VALIDATION ??= 'false'

type Input = Parameters<typeof Settings.parse>[0]

/** The stacks of the example's settings with some changed, and their templates. */
export function synthesise(change: Record<string, unknown> = {}, digest = imageDigest) {
  const settings = Settings.parse({ ...example, ...change } as Input)
  const stacks = createStacks({ settings, imageDigest: digest, now })
  const assembly = stacks.app.synth()
  const of = (stack: Parameters<typeof Template.fromStack>[0]) => Template.fromStack(stack)
  return {
    settings,
    assembly,
    registry: of(stacks.registry),
    data: of(stacks.data),
    release: of(stacks.release),
    service: of(stacks.service),
    edge: stacks.edge && of(stacks.edge),
  }
}

export type Named = { Name: string; Value?: string; ValueFrom?: unknown }
export type Container = {
  Image: unknown
  Command?: string[]
  Environment: Named[]
  Secrets: Named[]
  User: string
  ReadonlyRootFilesystem: boolean
  StopTimeout: number
  LinuxParameters: { Capabilities: unknown; Tmpfs: unknown; InitProcessEnabled: boolean }
  HealthCheck?: unknown
  LogConfiguration: { Options: Record<string, unknown> }
}
type Resources = Record<string, { Properties: Record<string, unknown> }>

/** The containers of a template's tasks, by family. */
export function containersOf(template: Template): Record<string, Container> {
  const found = template.findResources('AWS::ECS::TaskDefinition') as Resources
  return Object.fromEntries(
    Object.values(found).map(({ Properties }) => {
      const [container] = Properties.ContainerDefinitions as Container[]
      if (!container) throw new Error('a task without a container')
      return [Properties.Family as string, container]
    }),
  )
}

/** Everything that is another way, in two: each synthesis costs a second. */
export const otherImage = () =>
  synthesise({ pipeline: undefined, domain: { ...example.domain, catalogue: undefined } }, `sha256:${'b'.repeat(64)}`)
export const otherSettings = () =>
  synthesise({
    database: { replica: true },
    jwtAlgorithm: 'ES256',
    secrets: ['STRIPE_SECRET_KEY'],
    environment: { BILLING_PROVIDERS: 'stripe' },
    generations: { databaseServer: 2, JWT_REFRESH_SECRET: [2, 1], AUDIT_KEY: [3, 2, 1] },
  })

/** The properties of the first resource of a type. */
export function firstOf(template: Template | undefined, type: string): Record<string, unknown> {
  const [first] = template ? propertiesOf(template, type) : []
  if (!first) throw new Error(`no ${type}`)
  return first
}

/** All properties of a template's resources of a type. */
export function propertiesOf(template: Template, type: string): Record<string, unknown>[] {
  return Object.values(template.findResources(type) as Resources).map(({ Properties }) => Properties)
}
