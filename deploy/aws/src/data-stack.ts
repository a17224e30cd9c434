import { aws_ec2 as ec2, Fn, aws_iam as iam, aws_kms as kms, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { type Cache, createCache } from './cache.ts'
import { createDatabase, type Database } from './database.ts'
import { addEndpoints, createVpc, forTasks } from './network.ts'
import { createServiceSecrets, type Secrets } from './secrets.ts'
import type { Settings } from './settings.ts'

/** What outlives every deployment: network, database, Valkey, secrets and the key that encrypts them. */
export class DataStack extends Stack {
  readonly vpc: ec2.Vpc
  readonly key: kms.Key
  readonly database: Database
  readonly cache: Cache
  readonly serviceSecrets: Secrets
  /** Of all tasks: the groups of database and Valkey admit it and nobody else. */
  readonly taskGroup: ec2.SecurityGroup

  private readonly zones: string[]

  constructor(scope: Construct, id: string, props: StackProps & { settings: Settings }) {
    super(scope, id, { ...props, terminationProtection: true })
    const { settings } = props
    this.zones = Array.from({ length: settings.zones }, (_, index) => Fn.select(index, Fn.getAzs()))
    this.vpc = createVpc(this, settings)
    this.key = new kms.Key(this, 'Key', { alias: 'manas360', enableKeyRotation: true, description: 'MANAS360 at rest' })
    this.key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(`logs.${settings.region}.amazonaws.com`)],
        actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${settings.region}:${settings.account}:log-group:/manas360/*`,
          },
        },
      }),
    )
    // Without it alarms would be raised and nobody told: the topic is encrypted.
    this.key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': settings.account } },
      }),
    )
    this.taskGroup = new ec2.SecurityGroup(this, 'TaskGroup', { vpc: this.vpc, description: 'Tasks of MANAS360' })
    addEndpoints(this.vpc, this.taskGroup)
    const options = { vpc: this.vpc, key: this.key, settings }
    this.database = createDatabase(this, options)
    this.cache = createCache(this, options)
    this.serviceSecrets = createServiceSecrets(this, settings)
    this.database.primary.connections.allowFrom(this.taskGroup, ec2.Port.tcp(5432))
    this.database.replica?.connections.allowFrom(this.taskGroup, ec2.Port.tcp(5432))
    this.cache.securityGroup.addIngressRule(this.taskGroup, ec2.Port.tcp(6379))
  }

  /** CloudFormation knows them when it deploys: looking them up would need the account. */
  override get availabilityZones(): string[] {
    return this.zones
  }

  /** Where tasks run. */
  get taskSubnets(): ec2.SelectedSubnets {
    return this.vpc.selectSubnets(forTasks)
  }
}
