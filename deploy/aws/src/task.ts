import {
  Duration,
  type aws_ecr as ecr,
  aws_ecs as ecs,
  aws_iam as iam,
  type aws_kms as kms,
  aws_logs as logs,
  RemovalPolicy,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { authoritiesOf } from './authorities.ts'
import type { Secrets } from './secrets.ts'
import type { Settings } from './settings.ts'

export const containerName = 'manas360'
export const port = 3000

/** Both below the 60 s that the load balancer waits, and the second below stopTimeout. */
export const drainDelayMs = 12_000
export const shutdownTimeoutMs = 40_000
const stopTimeout = Duration.seconds(50)

type Options = {
  settings: Settings
  repository: ecr.IRepository
  imageDigest: string
  environment: Record<string, string>
  secrets: Secrets
  /** Of the program; the image's own is `serve`. */
  command?: string[]
  /** For what serves: /live, asked from within. */
  isHealthChecked: boolean
  /** Begins the names of its two roles, by which others may be allowed to pass them. */
  roleName: string
  key: kms.IKey
}

/** A task of the one image: read-only, not root, without capabilities, and with a /tmp in memory. */
export function createTask(scope: Construct, id: string, options: Options): ecs.FargateTaskDefinition {
  const { settings, repository, imageDigest, environment, secrets, command, isHealthChecked, key, roleName } = options
  const assumedBy = new iam.ServicePrincipal('ecs-tasks.amazonaws.com')
  const role = (kind: string) =>
    new iam.Role(scope, `${id}${kind}`, { roleName: `${roleName}-${kind.toLowerCase()}`, assumedBy })
  const task = new ecs.FargateTaskDefinition(scope, id, {
    // Pulls the image, reads the secrets, writes the log.
    executionRole: role('Execution'),
    // The program calls nothing of AWS: nothing is granted to it.
    taskRole: role('Task'),
    family: `manas360-${id.toLowerCase()}`,
    cpu: settings.tasks.cpu,
    memoryLimitMiB: settings.tasks.memoryMib,
    runtimePlatform: {
      cpuArchitecture: ecs.CpuArchitecture.ARM64,
      operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
    },
  })
  const logGroup = new logs.LogGroup(scope, `${id}Log`, {
    logGroupName: `/manas360/${id.toLowerCase()}`,
    retention: logs.RetentionDays.SIX_MONTHS,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  task.addContainer(containerName, {
    image: ecs.ContainerImage.fromEcrRepository(repository, imageDigest),
    command,
    user: '65532:65532',
    readonlyRootFilesystem: true,
    linuxParameters: linuxParametersOf(scope, id),
    portMappings: isHealthChecked ? [{ containerPort: port, name: 'http' }] : [],
    stopTimeout,
    environment,
    secrets: Object.fromEntries(
      Object.entries(secrets).map(([name, secret]) => [name, ecs.Secret.fromSecretsManager(secret)]),
    ),
    // Logging must not hold a request up; what does not fit is dropped, and counted in the metrics of the log driver.
    logging: ecs.LogDrivers.awsLogs({
      logGroup,
      streamPrefix: containerName,
      mode: ecs.AwsLogDriverMode.NON_BLOCKING,
    }),
    ...(isHealthChecked && {
      healthCheck: {
        command: ['CMD', '/manas360', 'healthcheck'],
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
    }),
  })
  return task
}

/** /tmp is in memory, of everybody and executable: the password hash is native code, unpacked there at start. */
function linuxParametersOf(scope: Construct, id: string): ecs.LinuxParameters {
  const parameters = new ecs.LinuxParameters(scope, `${id}Linux`, { initProcessEnabled: true })
  parameters.dropCapabilities(ecs.Capability.ALL)
  const { RW, EXEC, NOSUID, NODEV } = ecs.TmpfsMountOption
  parameters.addTmpfs({ containerPath: '/tmp', size: 64, mountOptions: [RW, EXEC, NOSUID, NODEV] })
  return parameters
}

/** What commands need that look at the database alone. */
export function databaseEnvironment({ domain, region }: Settings, now: Date): Record<string, string> {
  return {
    NODE_ENV: 'production',
    PUBLIC_URL: `https://${domain.api}`,
    DB_SSL: 'verify-full',
    DB_CA: authoritiesOf(region, now),
  }
}

/** The variables of the service; secrets are not among them. @throws Error where the installation sets one of these anew */
export function serviceEnvironment(settings: Settings, now: Date): Record<string, string> {
  const own: Record<string, string> = {
    ...databaseEnvironment(settings, now),
    HOST: '0.0.0.0',
    PORT: String(port),
    LOG_LEVEL: 'info',
    ALLOWED_ORIGINS: settings.allowedOrigins.join(','),
    // Only the load balancer reaches a task, from the private addresses of its subnets.
    TRUSTED_PROXIES: 'alb',
    JWT_ALGORITHM: settings.jwtAlgorithm,
    MAIL: 'on',
    MAIL_FROM: settings.mailFrom,
    DB_POOL_MAX: String(settings.tasks.poolMax),
    DB_POOL_MIN: String(Math.min(5, settings.tasks.poolMax)),
    IDLE_TIMEOUT_SECONDS: '75',
    DRAIN_DELAY_MS: String(drainDelayMs),
    SHUTDOWN_TIMEOUT_MS: String(shutdownTimeoutMs),
  }
  const twice = Object.keys(settings.environment).filter((name) => name in own || settings.secrets.includes(name))
  if (twice.length > 0) throw new Error(`environment: ${twice.join(', ')} follow from other settings`)
  return { ...own, ...settings.environment }
}
