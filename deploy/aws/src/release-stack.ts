import { CfnOutput, aws_ecs as ecs, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { DataStack } from './data-stack.ts'
import type { RegistryStack } from './registry-stack.ts'
import type { Secrets } from './secrets.ts'
import type { Settings } from './settings.ts'
import { createTask, databaseEnvironment, serviceEnvironment } from './task.ts'

export type ReleaseProps = StackProps & {
  settings: Settings
  imageDigest: string
  registry: RegistryStack
  data: DataStack
  now: Date
}

/** The cluster, and the tasks that run once: deployed with the new image, and run, before the service gets it. */
export class ReleaseStack extends Stack {
  readonly cluster: ecs.Cluster

  constructor(scope: Construct, id: string, props: ReleaseProps) {
    super(scope, id, props)
    const { settings, imageDigest, registry, data, now } = props
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      clusterName: 'manas360',
      vpc: data.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    })
    const { DATABASE_ADMIN_URL, DATABASE_MIGRATION_URL, DATABASE_URL, ...rest } = data.database.secrets
    if (!DATABASE_ADMIN_URL || !DATABASE_MIGRATION_URL || !DATABASE_URL)
      throw new Error('a URL of the database is missing')
    const owners = { DATABASE_URL, DATABASE_MIGRATION_URL }
    const tasks: [id: string, command: string, environment: Record<string, string>, secrets: Secrets][] = [
      ['CreateRoles', 'create-roles', databaseEnvironment(settings, now), { ...owners, DATABASE_ADMIN_URL }],
      ['Migrate', 'migrate', databaseEnvironment(settings, now), owners],
      [
        'Doctor',
        'doctor',
        serviceEnvironment(settings, now),
        { ...rest, DATABASE_URL, ...data.cache.secrets, ...data.serviceSecrets },
      ],
    ]
    for (const [name, command, environment, secrets] of tasks) {
      const task = createTask(this, name, {
        ...{ settings, imageDigest, environment, secrets, key: data.key },
        repository: registry.repository,
        command: [command],
        isHealthChecked: false,
        roleName: `manas360-oneoff-${name.toLowerCase()}`,
      })
      new CfnOutput(this, `${name}TaskDefinition`, { value: task.taskDefinitionArn })
    }
    const outputs = {
      ClusterName: this.cluster.clusterName,
      TaskSubnets: data.taskSubnets.subnetIds.join(','),
      TaskSecurityGroup: data.taskGroup.securityGroupId,
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value })
  }
}
