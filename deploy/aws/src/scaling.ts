import {
  aws_applicationautoscaling as autoscaling,
  Duration,
  type aws_ecs as ecs,
  type aws_elasticloadbalancingv2 as elb,
} from 'aws-cdk-lib'
import type { Settings } from './settings.ts'

const cpuPercent = 55

type Options = {
  service: ecs.FargateService
  cluster: ecs.ICluster
  alb: elb.ApplicationLoadBalancer
  settings: Settings
}

/**
 * Between tasks.min and tasks.max by CPU and by requests. A target group's own count of requests says nothing here, for
 * after each deployment the other group has them: so it is the load balancer's, divided by the running tasks.
 */
export function scale({ service, cluster, alb, settings }: Options): void {
  const { min, max, requestsPerMinute } = settings.tasks
  const scaling = service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max })
  scaling.scaleOnCpuUtilization('Cpu', {
    targetUtilizationPercent: cpuPercent,
    scaleOutCooldown: Duration.seconds(60),
    scaleInCooldown: Duration.minutes(5),
  })
  const target = scaling.node.tryFindChild('Target') as autoscaling.ScalableTarget
  new autoscaling.CfnScalingPolicy(service, 'Requests', {
    policyName: 'manas360-requests-per-task',
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.scalableTargetId,
    targetTrackingScalingPolicyConfiguration: {
      targetValue: requestsPerMinute,
      scaleOutCooldown: 60,
      scaleInCooldown: 300,
      customizedMetricSpecification: {
        metrics: [
          {
            id: 'requests',
            returnData: false,
            metricStat: {
              stat: 'Sum',
              metric: {
                namespace: 'AWS/ApplicationELB',
                metricName: 'RequestCount',
                dimensions: [{ name: 'LoadBalancer', value: alb.loadBalancerFullName }],
              },
            },
          },
          {
            id: 'tasks',
            returnData: false,
            metricStat: {
              stat: 'Average',
              metric: {
                namespace: 'ECS/ContainerInsights',
                metricName: 'RunningTaskCount',
                dimensions: [
                  { name: 'ClusterName', value: cluster.clusterName },
                  { name: 'ServiceName', value: service.serviceName },
                ],
              },
            },
          },
          { id: 'each', expression: 'requests / tasks', returnData: true, label: 'Requests a minute and task' },
        ],
      },
    },
  })
}
