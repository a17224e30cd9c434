import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import type { createStacks } from './app.ts'

type Stacks = ReturnType<typeof createStacks>

/** Rules of cdk-nag that do not hold here, each where it does not and why. What is not listed fails the synthesis. */
export function acknowledge({ registry, data, release, service, edge }: Stacks): void {
  const accept = (scope: IConstruct, rule: string, reason: string) =>
    Validations.of(scope).acknowledge({ id: `AwsSolutions-${rule}`, reason })

  const token = 'ecr:GetAuthorizationToken knows no resource; what it opens is limited to one repository'
  for (const stack of [release, service]) {
    accept(stack, 'IAM5[Resource::*]', token)
    accept(
      stack,
      'ECS2',
      'None of these variables is a secret: secrets come from Secrets Manager, and a test holds that',
    )
  }
  accept(registry, 'IAM5[Resource::*]', `${token}; ecs:DescribeTaskDefinition knows none either`)
  const { account, region } = registry
  const all = 'Revisions, tasks and streams have numbers that are not known beforehand; the names before them are exact'
  for (const name of ['createroles', 'migrate', 'doctor'])
    accept(registry, `IAM5[Resource::arn:aws:ecs:${region}:${account}:task-definition/manas360-${name}:*]`, all)
  for (const kind of ['task', 'service'])
    accept(registry, `IAM5[Resource::arn:aws:ecs:${region}:${account}:${kind}/manas360/*]`, all)
  accept(registry, `IAM5[Resource::arn:aws:logs:${region}:${account}:log-group:/manas360/*]`, all)
  accept(
    registry,
    `IAM5[Resource::arn:aws:iam::${account}:role/manas360-oneoff-*]`,
    'The roles of the one-off tasks, and no others',
  )

  const rotated =
    'Rotated by generations, with a deployment (README, "Rotating"): automatic rotation would log everybody out, or need a function with the administrator’s password'
  accept(data, 'SMG4', rotated)
  const behind = 'Hidden ports hide nothing: the security group admits the tasks alone'
  accept(data, 'RDS11', behind)
  accept(data, 'AEC5', behind)
  accept(
    data,
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole]',
    'What RDS needs for enhanced monitoring, as AWS defines it',
  )
  if (data.database.replica) {
    accept(data.database.replica, 'RDS2', 'A replica has its source’s encryption, and may not name it')
    accept(data.database.replica, 'RDS3', 'Without it the service reads from the primary: it needs no stand-in')
  }

  accept(service, 'EC23', 'The API is public: 80 redirects, 443 serves; the firewall is in front')
  accept(service, 'S1', 'The bucket of access logs would need another for its own, without end')
  accept(
    service,
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers]',
    'What ECS needs to move traffic between the two target groups, as AWS defines it',
  )
  if (!edge) return
  accept(edge, 'S1', 'The bucket of access logs would need another for its own, without end')
  accept(edge, 'CFR1', 'The catalogue is for everybody')
}
