import { describe, expect, test } from 'bun:test'
import { Match } from 'aws-cdk-lib/assertions'
import { example, firstOf, propertiesOf, synthesise } from './synthesised.ts'

const { service, data } = synthesise()

describe('the load balancer', () => {
  test('takes nothing that is malformed, keeps its log, and is not deleted by mistake', () => {
    const alb = firstOf(service, 'AWS::ElasticLoadBalancingV2::LoadBalancer')
    const attributes = Object.fromEntries(
      (alb.LoadBalancerAttributes as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
    )
    expect(attributes).toMatchObject({
      'deletion_protection.enabled': 'true',
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'routing.http.desync_mitigation_mode': 'strictest',
      'routing.http.xff_header_processing.mode': 'append',
      'idle_timeout.timeout_seconds': '60',
      'access_logs.s3.enabled': 'true',
    })
  })

  test('serves https alone, of TLS 1.2 and later', () => {
    const listeners = propertiesOf(service, 'AWS::ElasticLoadBalancingV2::Listener')
    expect(listeners.map(({ Port, Protocol, SslPolicy }) => [Port, Protocol, SslPolicy])).toEqual([
      [80, 'HTTP', undefined],
      [443, 'HTTPS', 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09'],
      [8443, 'HTTPS', 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09'],
    ])
    expect(listeners[0]?.DefaultActions).toEqual([
      expect.objectContaining({
        Type: 'redirect',
        RedirectConfig: { Port: '443', Protocol: 'HTTPS', StatusCode: 'HTTP_301' },
      }),
    ])
    service.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: 1,
      Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/metrics'] } }],
      Actions: [Match.objectLike({ Type: 'fixed-response' })],
    })
  })

  test('asks /ready', () => {
    const groups = propertiesOf(service, 'AWS::ElasticLoadBalancingV2::TargetGroup')
    expect(groups).toHaveLength(2)
    for (const group of groups)
      expect(group).toMatchObject({
        HealthCheckPath: '/ready',
        Port: 3000,
        TargetType: 'ip',
        Matcher: { HttpCode: '200' },
      })
  })

  test('has the firewall in front, whose rules block but for those that count, and whose log has no token', () => {
    service.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1)
    const acl = firstOf(service, 'AWS::WAFv2::WebACL')
    expect((acl.Rules as { Name: string }[]).map(({ Name }) => Name)).toEqual([
      'Flood',
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesCommonRuleSet',
    ])
    service.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: Match.arrayWith([{ SingleHeader: { Name: 'authorization' } }, { QueryString: {} }]),
    })
  })
})

describe('a deployment', () => {
  test('is blue/green, bakes, and goes back by itself: at an alarm, and when tasks do not come up', () => {
    service.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: Match.objectLike({
        Strategy: 'BLUE_GREEN',
        BakeTimeInMinutes: 15,
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        Alarms: {
          AlarmNames: ['manas360-errors', 'manas360-latency', 'manas360-unhealthy-tasks'],
          Enable: true,
          Rollback: true,
        },
      }),
      LoadBalancers: [Match.objectLike({ ContainerPort: 3000, AdvancedConfiguration: Match.anyValue() })],
      NetworkConfiguration: { AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: 'DISABLED' }) },
    })
  })

  test('has alarms that exist', () => {
    const names = propertiesOf(service, 'AWS::CloudWatch::Alarm').map(({ AlarmName }) => AlarmName)
    for (const name of ['errors', 'latency', 'unhealthy-tasks']) expect(names).toContain(`manas360-${name}`)
  })
})

test('tasks are as many as CPU or requests ask for, from 3 to 20', () => {
  service.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 3, MaxCapacity: 20 })
  service.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
    TargetTrackingScalingPolicyConfiguration: Match.objectLike({
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    }),
  })
  service.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
    TargetTrackingScalingPolicyConfiguration: Match.objectLike({
      CustomizedMetricSpecification: Match.objectLike({
        Metrics: Match.arrayWith([Match.objectLike({ Expression: 'requests / tasks', ReturnData: true })]),
      }),
    }),
  })
})

describe('alarms', () => {
  const alarms = propertiesOf(service, 'AWS::CloudWatch::Alarm')

  test('cover load balancer, tasks, database, Valkey and the log', () => {
    const names = alarms.map(({ AlarmName }) => String(AlarmName).replace('manas360-', ''))
    expect(names).toEqual(
      expect.arrayContaining([
        ...['errors', 'latency', 'unhealthy-tasks', 'few-tasks', 'all-tasks', 'task-cpu', 'task-memory', 'flood'],
        ...['database-cpu', 'database-connections', 'database-storage', 'database-memory', 'database-transaction-ids'],
        ...[
          'cache-cpu',
          'cache-memory',
          'unexpected-error',
          'mail-refused',
          'changes-unread',
          'redis-lost',
          'job-failed',
        ],
      ]),
    )
  })

  test('all tell the one topic, over TLS, which CloudWatch may encrypt for', () => {
    for (const { AlarmActions, OKActions, AlarmDescription } of alarms) {
      expect(AlarmActions).toHaveLength(1)
      expect(OKActions).toEqual(AlarmActions)
      expect(String(AlarmDescription).length).toBeGreaterThan(5)
    }
    service.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() })
    service.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: example.alarmEmail })
    data.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
          }),
        ]),
      }),
    })
  })

  test('there is a dashboard, and a budget that tells before it is spent', () => {
    service.resourceCountIs('AWS::CloudWatch::Dashboard', 1)
    service.hasResourceProperties('AWS::Budgets::Budget', {
      NotificationsWithSubscribers: Match.arrayWith([
        Match.objectLike({ Notification: Match.objectLike({ NotificationType: 'FORECASTED' }) }),
      ]),
    })
  })
})
