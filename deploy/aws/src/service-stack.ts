import {
  aws_budgets as budgets,
  CfnOutput,
  Duration,
  aws_ec2 as ec2,
  aws_ecs as ecs,
  type aws_elasticloadbalancingv2 as elb,
  Stack,
  aws_wafv2 as waf,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { createAlarms } from './alarms.ts'
import { createDashboard } from './dashboard.ts'
import { createFirewall } from './firewall.ts'
import { createLoadBalancer } from './load-balancer.ts'
import type { ReleaseProps, ReleaseStack } from './release-stack.ts'
import { scale } from './scaling.ts'
import { containerName, createTask, port, serviceEnvironment } from './task.ts'

/** How long the old tasks stay after the new ones got all traffic: an alarm within it brings the old ones back. */
const bakeTime = Duration.minutes(15)

/** The service behind its load balancer, replaced blue/green, with what watches it. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: ReleaseProps & { release: ReleaseStack }) {
    super(scope, id, props)
    const { settings, imageDigest, registry, data, release, now } = props
    const { DATABASE_URL, DATABASE_REPLICA_URL } = data.database.secrets
    if (!DATABASE_URL) throw new Error('the URL of the database is missing')
    const task = createTask(this, 'Service', {
      ...{ settings, imageDigest, key: data.key, repository: registry.repository },
      environment: serviceEnvironment(settings, now),
      secrets: {
        DATABASE_URL,
        ...(DATABASE_REPLICA_URL && { DATABASE_REPLICA_URL }),
        ...data.cache.secrets,
        ...data.serviceSecrets,
      },
      isHealthChecked: true,
      roleName: 'manas360-service',
    })
    const taskGroup = ec2.SecurityGroup.fromSecurityGroupId(this, 'Tasks', data.taskGroup.securityGroupId)
    const balancing = createLoadBalancer(this, { vpc: data.vpc, taskGroup, settings })
    const { alb, blue, green, productionRule, testRule } = balancing
    taskGroup.connections.allowFrom(balancing.securityGroup, ec2.Port.tcp(port))
    const firewall = createFirewall(this, 'REGIONAL')
    new waf.CfnWebACLAssociation(this, 'Guarded', { webAclArn: firewall.attrArn, resourceArn: alb.loadBalancerArn })

    const service = new ecs.FargateService(this, 'Fargate', {
      serviceName: 'manas360',
      cluster: release.cluster,
      taskDefinition: task,
      securityGroups: [taskGroup],
      vpcSubnets: { subnets: data.taskSubnets.subnets },
      assignPublicIp: false,
      platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      healthCheckGracePeriod: Duration.seconds(90),
      deploymentStrategy: ecs.DeploymentStrategy.BLUE_GREEN,
      bakeTime,
      circuitBreaker: { rollback: true },
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    })
    const alternateTarget = new ecs.AlternateTarget('Alternate', {
      alternateTargetGroup: green,
      productionListener: ecs.ListenerRuleConfiguration.applicationListenerRule(productionRule),
      testListener: ecs.ListenerRuleConfiguration.applicationListenerRule(testRule),
    })
    service
      .loadBalancerTarget({ containerName, containerPort: port, alternateTarget })
      .attachToApplicationTargetGroup(blue as elb.ApplicationTargetGroup)
    scale({ service, cluster: release.cluster, alb, settings })

    const watched = { service, cluster: release.cluster, balancing, data, settings }
    const alarms = createAlarms(this, watched)
    service.enableDeploymentAlarms(alarms.rollback, { behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM })
    createDashboard(this, watched, alarms.all)
    this.createBudget(settings.monthlyBudgetUsd, settings.alarmEmail)
    const outputs = {
      ServiceName: service.serviceName,
      Url: `https://${settings.domain.api}`,
      LogGroup: '/manas360/service',
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value })
  }

  private createBudget(amount: number, address: string): void {
    const notify = (notificationType: string, threshold: number) => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'EMAIL', address }],
    })
    new budgets.CfnBudget(this, 'Budget', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount, unit: 'USD' } },
      notificationsWithSubscribers: [notify('ACTUAL', 80), notify('FORECASTED', 100)],
    })
  }
}
