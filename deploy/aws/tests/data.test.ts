import { describe, expect, test } from 'bun:test'
import { Match } from 'aws-cdk-lib/assertions'
import { parametersOf } from '../src/database.ts'
import { Settings } from '../src/settings.ts'
import { containersOf, example, otherSettings, propertiesOf, synthesise } from './synthesised.ts'

const { data, release, service } = synthesise()
const replicated = otherSettings()

describe('the network', () => {
  test('gives tasks no public address, and the database no way out', () => {
    const subnets = propertiesOf(data, 'AWS::EC2::Subnet')
    expect(subnets).toHaveLength(9)
    expect(subnets.filter(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toEqual([])
    data.resourceCountIs('AWS::EC2::NatGateway', 3)
    const routes = propertiesOf(data, 'AWS::EC2::Route').map(({ RouteTableId }) => JSON.stringify(RouteTableId))
    expect(routes.filter((route) => route.includes('dataSubnet'))).toEqual([])
  })

  test('admits to database, Valkey and endpoints the tasks alone, and to tasks the load balancer alone', () => {
    const rules = [data, service].flatMap((template) => propertiesOf(template, 'AWS::EC2::SecurityGroupIngress'))
    for (const { SourceSecurityGroupId, CidrIp } of rules) {
      expect(CidrIp).toBeUndefined()
      expect(JSON.stringify(SourceSecurityGroupId)).toMatch(/TaskGroup|AlbGroup/)
    }
    const ports = rules.map(({ FromPort, ToPort }) => [FromPort, ToPort])
    expect(ports.filter(([from]) => from === 6379)).toEqual([[6379, 6379]])
    expect(ports.filter(([from]) => from === 3000)).toEqual([[3000, 3000]])
    const open = [data, service].flatMap((template) =>
      propertiesOf(template, 'AWS::EC2::SecurityGroup').flatMap(
        ({ SecurityGroupIngress }) => (SecurityGroupIngress as { FromPort: number }[] | undefined) ?? [],
      ),
    )
    expect(open.map(({ FromPort }) => FromPort).sort()).toEqual([443, 80])
  })
})

describe('the database', () => {
  test('is encrypted, in two zones, backed up, kept and not reachable from outside', () => {
    data.hasResource('AWS::RDS::DBInstance', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        Engine: 'postgres',
        EngineVersion: '18.1',
        MultiAZ: true,
        StorageEncrypted: true,
        PubliclyAccessible: false,
        DeletionProtection: true,
        BackupRetentionPeriod: 35,
        EnablePerformanceInsights: true,
        EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
        MonitoringInterval: 60,
      }),
    })
    expect(() => Settings.parse({ ...example, database: { backupDays: 13 } })).toThrow()
  })

  test('takes TLS and SCRAM alone, and keeps people out of its log', () => {
    data.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'postgres18',
      Parameters: Match.objectLike({
        'rds.force_ssl': '1',
        password_encryption: 'scram-sha-256',
        'rds.accepted_password_auth_method': 'scram',
        log_error_verbosity: 'terse',
        log_min_duration_statement: '-1',
      }),
    })
  })

  test.each([{}, { tasks: { max: 40, poolMax: 10 } }, { tasks: { max: 5, poolMax: 60 } }])(
    'has room for two sets of tasks and commands: %j',
    (change) => {
      const { tasks, ...rest } = Settings.parse({ ...example, ...change })
      const each = tasks.poolMax + 4
      expect(Number(parametersOf({ tasks, ...rest }).max_connections)).toBeGreaterThanOrEqual(
        2 * tasks.max * each + 6 + 3,
      )
    },
  )

  test('may have a replica, which gets no more than reads', () => {
    data.resourceCountIs('AWS::RDS::DBInstance', 1)
    replicated.data.resourceCountIs('AWS::RDS::DBInstance', 2)
    expect(containersOf(replicated.service)['manas360-service']?.Secrets.map(({ Name }) => Name)).toContain(
      'DATABASE_REPLICA_URL',
    )
  })

  test('has three roles: no password in a template, each URL where it is needed alone', () => {
    const secrets = Object.fromEntries(
      Object.entries({ ...containersOf(release), ...containersOf(service) }).map(([family, { Secrets }]) => [
        family,
        Secrets.map(({ Name }) => Name).filter((name) => name.startsWith('DATABASE')),
      ]),
    )
    expect(secrets).toEqual({
      'manas360-createroles': ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_ADMIN_URL'],
      'manas360-migrate': ['DATABASE_URL', 'DATABASE_MIGRATION_URL'],
      'manas360-doctor': ['DATABASE_URL'],
      'manas360-service': ['DATABASE_URL'],
    })
    const texts = propertiesOf(data, 'AWS::SecretsManager::Secret').flatMap(({ SecretString }) => SecretString ?? [])
    expect(texts).toHaveLength(4)
    for (const text of texts)
      expect(JSON.stringify(text)).toMatch(/"(?:postgres|rediss):\/\/[a-z0-9_]+:(?:","|)\{\{resolve:secretsmanager:/)
  })
})

test('Valkey is a primary without cluster mode, encrypted, with a password, and evicts nothing', () => {
  data.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
    Engine: 'valkey',
    NumCacheClusters: 2,
    AutomaticFailoverEnabled: true,
    MultiAZEnabled: true,
    TransitEncryptionEnabled: true,
    TransitEncryptionMode: 'required',
    AtRestEncryptionEnabled: true,
    NumNodeGroups: Match.absent(),
    AuthToken: Match.anyValue(),
  })
  data.hasResourceProperties('AWS::ElastiCache::ParameterGroup', { Properties: { 'maxmemory-policy': 'noeviction' } })
})
