import { Fn, RemovalPolicy, SecretValue, type Stack, aws_secretsmanager as sm, Token } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'

/** Secrets of the container by the name of its variable. */
export type Secrets = Record<string, sm.ISecret>

const length = 64

/** A secret that Secrets Manager makes, kept when the stack no longer names it: what it signed or encrypted may be needed. */
export function generateSecret(scope: Construct, name: string, description: string): sm.Secret {
  return new sm.Secret(scope, name, {
    description,
    generateSecretString: { passwordLength: length, excludePunctuation: true },
    removalPolicy: RemovalPolicy.RETAIN,
  })
}

/** A secret without a value: a task that names it does not start until somebody has stored one. */
export function secretByHand(scope: Construct, name: string, description: string): sm.ISecret {
  const secret = new sm.CfnSecret(scope, name, { description })
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN)
  return sm.Secret.fromSecretCompleteArn(scope, `${name}Reference`, secret.ref)
}

/**
 * A text with other secrets in it, such as a URL with its password: CloudFormation puts them together when it deploys, and
 * neither template nor task definition shows them.
 */
export function composeSecret(scope: Construct, name: string, description: string, parts: (string | sm.ISecret)[]) {
  const text = Fn.join(
    '',
    parts.map((part) => (typeof part === 'string' ? part : referenceTo(part))),
  )
  return new sm.Secret(scope, name, { description, secretStringValue: SecretValue.unsafePlainText(text) })
}

/** The dynamic reference to a secret's value. */
export function referenceTo(secret: sm.ISecret): string {
  return Token.asString(secret.secretValue.unsafeUnwrap())
}

/**
 * The service's own secrets: generated ones in their generations, and empty ones for those that others give out. Every
 * generation up to the latest stays, and stays exported: the tasks that still run use earlier ones while this is deployed.
 */
export function createServiceSecrets(scope: Stack, settings: Settings): Secrets {
  const { generations, jwtAlgorithm } = settings
  const secrets: Secrets = { OPS_TOKEN: generateSecret(scope, 'OpsToken', 'Bearer of the operators’ pages') }
  for (const name of ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY', 'DATA_KEY'] as const) {
    const made = Array.from({ length: Math.max(...generations[name]) }, (_, index) => {
      const secret = generateSecret(scope, `${name}_${index + 1}`, `${name}, generation ${index + 1}`)
      scope.exportValue(secret.secretArn)
      return secret
    })
    if (name === 'JWT_SECRET' && jwtAlgorithm !== 'HS256') continue
    const [current, ...others] = generations[name].flatMap((number) => made[number - 1] ?? [])
    if (current) secrets[name] = current
    const previous = listOf(scope, `${name}_PREVIOUS`, others)
    if (previous) secrets[`${name}_PREVIOUS`] = previous
  }
  const byHand = ['SMTP_URL', ...(jwtAlgorithm === 'HS256' ? [] : ['JWT_KEYS']), ...settings.secrets]
  for (const name of byHand) secrets[name] = secretByHand(scope, name, `${name}: stored by hand`)
  return secrets
}

function listOf(scope: Construct, name: string, others: sm.ISecret[]): sm.ISecret | undefined {
  if (others.length < 2) return others[0]
  const parts = others.flatMap((secret, index) => (index === 0 ? [secret] : [',', secret]))
  return composeSecret(scope, name, `${name}: earlier generations`, parts)
}
