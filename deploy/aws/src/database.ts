import {
  Duration,
  aws_ec2 as ec2,
  type aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
  aws_rds as rds,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { forData } from './network.ts'
import { composeSecret, generateSecret, type Secrets } from './secrets.ts'
import { countConnections, type Settings } from './settings.ts'

export const databaseName = 'manas360'
const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('18.1', '18') })

type Options = { vpc: ec2.IVpc; key: kms.IKey; settings: Settings }
export type Database = { primary: rds.DatabaseInstance; replica?: rds.DatabaseInstanceReadReplica; secrets: Secrets }

/** PostgreSQL: encrypted, in two zones, with its roles' passwords and the URLs that hold them. */
export function createDatabase(scope: Construct, { vpc, key, settings }: Options): Database {
  const { instance, storageGib, maxStorageGib, backupDays } = settings.database
  const shared = {
    vpc,
    vpcSubnets: forData,
    instanceType: new ec2.InstanceType(instance),
    storageType: rds.StorageType.GP3,
    parameterGroup: new rds.ParameterGroup(scope, 'Parameters', {
      engine,
      description: 'MANAS360: TLS only, connections counted, no personal data in the log',
      parameters: parametersOf(settings),
    }),
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    publiclyAccessible: false,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
    autoMinorVersionUpgrade: true,
    cloudwatchLogsExports: exported,
    databaseInsightsMode: rds.DatabaseInsightsMode.STANDARD,
    enablePerformanceInsights: true,
    performanceInsightEncryptionKey: key,
    performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
    monitoringInterval: Duration.seconds(60),
    copyTagsToSnapshot: true,
  }
  const primary = new rds.DatabaseInstance(scope, 'Database', {
    ...shared,
    engine,
    instanceIdentifier: 'manas360',
    multiAz: true,
    // The administrator: create-roles makes owner, server and database with it, and nothing else uses it.
    credentials: rds.Credentials.fromGeneratedSecret('manas360_admin', {
      encryptionKey: key,
      excludeCharacters: notInUrls,
    }),
    // The replica has the same: it follows from its source.
    storageEncrypted: true,
    storageEncryptionKey: key,
    allocatedStorage: storageGib,
    maxAllocatedStorage: maxStorageGib,
    backupRetention: Duration.days(backupDays),
    preferredBackupWindow: '20:00-20:30',
    preferredMaintenanceWindow: 'sun:21:00-sun:21:30',
  })
  primary.node.addDependency(...createLogGroups(scope, 'manas360'))
  const replica = settings.database.replica
    ? new rds.DatabaseInstanceReadReplica(scope, 'Replica', {
        ...shared,
        instanceIdentifier: 'manas360-replica',
        sourceDatabaseInstance: primary,
      })
    : undefined
  replica?.node.addDependency(...createLogGroups(scope, 'manas360-replica'))
  return { primary, replica, secrets: urlsOf(scope, { primary, replica }, settings) }
}

const exported = ['postgresql', 'upgrade']

/** Made before the database, which would make them without an end to what they keep. */
function createLogGroups(scope: Construct, instance: string): logs.LogGroup[] {
  return exported.map(
    (name) =>
      new logs.LogGroup(scope, `Log-${instance}-${name}`, {
        logGroupName: `/aws/rds/instance/${instance}/${name}`,
        retention: logs.RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.RETAIN,
      }),
  )
}

/** Everything that would have to be escaped in a URL. */
const notInUrls = ' !"#$%&\'()*+,/:;<=>?@[\\]^`{|}'

/** What docs/operations.md asks of PostgreSQL, and what keeps people out of its log. */
export function parametersOf(settings: Settings): Record<string, string> {
  return {
    'rds.force_ssl': '1',
    ssl_min_protocol_version: 'TLSv1.2',
    password_encryption: 'scram-sha-256',
    'rds.accepted_password_auth_method': 'scram',
    // Of a refused row it would tell the values (DETAIL: Key (email)=…).
    log_error_verbosity: 'terse',
    // The service logs slow statements itself, without their values.
    log_min_duration_statement: '-1',
    log_statement: 'ddl',
    log_lock_waits: '1',
    log_autovacuum_min_duration: '10000',
    max_connections: String(Math.ceil(countConnections(settings) / 50) * 50 + 50),
    timezone: 'UTC',
  }
}

/** The roles' passwords, and the URLs as the program takes them. */
function urlsOf(scope: Construct, { primary, replica }: Omit<Database, 'secrets'>, { generations }: Settings): Secrets {
  const { databaseServer: number } = generations
  const owner = generateSecret(scope, 'OwnerPassword', 'Password of the database’s owner')
  const server = generateSecret(scope, `ServerPassword${number}`, `Password of the server’s role, generation ${number}`)
  const serverRole = number === 1 ? 'manas360_server' : `manas360_server_${number}`
  const { dbInstanceEndpointAddress: host, secret: admin } = primary
  if (!admin) throw new Error('the database has no generated administrator')
  const adminPassword = admin.secretValueFromJson('password').unsafeUnwrap()
  return {
    DATABASE_ADMIN_URL: composeSecret(scope, 'DatabaseAdminUrl', 'For create-roles alone', [
      `postgres://manas360_admin:${adminPassword}@${host}:5432/postgres`,
    ]),
    DATABASE_MIGRATION_URL: composeSecret(scope, 'DatabaseMigrationUrl', 'The owner, for create-roles and migrate', [
      'postgres://manas360_owner:',
      owner,
      `@${host}:5432/${databaseName}`,
    ]),
    DATABASE_URL: composeSecret(scope, 'DatabaseUrl', 'The server’s own role', [
      `postgres://${serverRole}:`,
      server,
      `@${host}:5432/${databaseName}`,
    ]),
    ...(replica && {
      DATABASE_REPLICA_URL: composeSecret(scope, 'DatabaseReplicaUrl', 'The server’s own role, at the replica', [
        `postgres://${serverRole}:`,
        server,
        `@${replica.dbInstanceEndpointAddress}:5432/${databaseName}`,
      ]),
    }),
  }
}
