import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { Match } from 'aws-cdk-lib/assertions'
import { containersOf, imageDigest, otherImage, propertiesOf, synthesise } from './synthesised.ts'

const { assembly, settings, registry, data, release, service } = synthesise()
const another = otherImage()

test('nothing is looked up in the account, nothing but templates is uploaded, and no function runs', () => {
  expect(assembly.manifest.missing ?? []).toEqual([])
  for (const { assetManifest } of assembly.stacks.map((stack) => ({
    assetManifest: JSON.parse(readFileSync(`${assembly.directory}/${stack.id}.assets.json`, 'utf8')),
  }))) {
    expect(
      Object.values(assetManifest.files as Record<string, { source: { path: string } }>).map(
        ({ source }) => source.path,
      ),
    ).toEqual([expect.stringContaining('.template.json')])
    expect(assetManifest.dockerImages).toEqual({})
  }
  for (const { template } of assembly.stacks) expect(JSON.stringify(template)).not.toContain('AWS::Lambda')
})

test('the order of the stacks is registry, data, release, service, edge', () => {
  const order = assembly.stacks.map(({ stackName }) => stackName)
  for (const [earlier, later] of [
    ['Manas360Registry', 'Manas360Release'],
    ['Manas360Data', 'Manas360Release'],
    ['Manas360Release', 'Manas360Service'],
    ['Manas360Service', 'Manas360Edge'],
  ])
    expect(order.indexOf(earlier ?? '')).toBeLessThan(order.indexOf(later ?? ''))
})

describe('the registry', () => {
  test('takes a tag once, scans what it gets, and forgets old images', () => {
    registry.hasResourceProperties('AWS::ECR::Repository', {
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
      LifecyclePolicy: Match.objectLike({ LifecyclePolicyText: Match.stringLikeRegexp('imageCountMoreThan') }),
    })
  })

  test('is open to the workflow of one repository and environment, which holds no key', () => {
    registry.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: {
              StringEquals: {
                'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
                'token.actions.githubusercontent.com:sub': 'repo:owner/manas360-backend:environment:production',
              },
            },
          }),
        ],
      }),
    })
    another.registry.resourceCountIs('AWS::IAM::Role', 0)
  })
})

describe('every task', () => {
  const containers = { ...containersOf(release), ...containersOf(service) }

  test.each(Object.entries(containers))(
    '%s is read-only, not root, without capabilities, with a /tmp to execute from',
    (_, container) => {
      expect(container).toMatchObject({ User: '65532:65532', ReadonlyRootFilesystem: true })
      expect(container.LinuxParameters).toMatchObject({
        InitProcessEnabled: true,
        Capabilities: { Drop: ['ALL'] },
        Tmpfs: [{ ContainerPath: '/tmp', MountOptions: ['rw', 'exec', 'nosuid', 'nodev'], Size: 64 }],
      })
      expect(JSON.stringify(container.Image)).toContain(`@${imageDigest}`)
      expect(container.LogConfiguration.Options).toMatchObject({ mode: 'non-blocking' })
      for (const { Name, Value } of container.Environment) {
        expect(Name).not.toMatch(/SECRET|_KEYS?$|TOKEN$|DATABASE_|SMTP_URL|REDIS_URL/)
        expect(typeof Value).toBe('string')
      }
    },
  )

  test('runs on ARM64, and its own role may do nothing', () => {
    for (const template of [release, service]) {
      for (const task of propertiesOf(template, 'AWS::ECS::TaskDefinition'))
        expect(task.RuntimePlatform).toEqual({ CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' })
      for (const { Roles } of propertiesOf(template, 'AWS::IAM::Policy'))
        expect(JSON.stringify(Roles)).not.toMatch(/(?:CreateRoles|Migrate|Doctor|Service)Task/)
    }
  })
})

describe('a deployment', () => {
  test('of another image changes the tasks alone, and their number is left to the scaling', () => {
    expect(another.data.toJSON()).toEqual(data.toJSON())
    const [before, after] = [service, another.service].map((template) => {
      const { Resources } = template.toJSON() as { Resources: Record<string, { Type: string }> }
      return Object.entries(Resources).map(([name, resource]) =>
        resource.Type === 'AWS::ECS::TaskDefinition' ? name : [name, resource],
      )
    })
    expect(after).toEqual(before)
    expect(propertiesOf(service, 'AWS::ECS::Service')[0]).not.toHaveProperty('DesiredCount')
    expect(settings.tasks).toMatchObject({ min: 3, max: 20 })
  })

  test('finds in the outputs of the release what it runs tasks with', () => {
    const outputs = [
      'ClusterName',
      'TaskSubnets',
      'TaskSecurityGroup',
      'MigrateTaskDefinition',
      'CreateRolesTaskDefinition',
    ]
    for (const name of [...outputs, 'DoctorTaskDefinition']) release.hasOutput(name, {})
    for (const name of ['RepositoryUri', 'PipelineRoleArn']) registry.hasOutput(name, {})
  })
})
