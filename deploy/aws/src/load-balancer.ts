import {
  aws_certificatemanager as acm,
  Duration,
  aws_ec2 as ec2,
  aws_elasticloadbalancingv2 as elb,
  RemovalPolicy,
  aws_route53 as route53,
  aws_s3 as s3,
  aws_route53_targets as targets,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'
import { port } from './task.ts'

/** Below IDLE_TIMEOUT_SECONDS of the program, above REQUEST_TIMEOUT_MS: neither a request nor an idle connection is cut off. */
export const idleSeconds = 60
const everything = elb.ListenerCondition.pathPatterns(['/*'])

type Options = { vpc: ec2.IVpc; taskGroup: ec2.ISecurityGroup; settings: Settings }
export type Balancing = ReturnType<typeof createLoadBalancer>

/** The load balancer with two target groups, of which the rules send all traffic to one: the other is for the next version. */
export function createLoadBalancer(scope: Construct, { vpc, taskGroup, settings }: Options) {
  const { zoneId, zoneName, api } = settings.domain
  const zone = route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId: zoneId, zoneName })
  const certificate = new acm.Certificate(scope, 'Certificate', {
    domainName: api,
    validation: acm.CertificateValidation.fromDns(zone),
  })
  const securityGroup = new ec2.SecurityGroup(scope, 'AlbGroup', {
    vpc,
    allowAllOutbound: false,
    description: 'From the internet',
  })
  const alb = new elb.ApplicationLoadBalancer(scope, 'Alb', {
    vpc,
    securityGroup,
    internetFacing: true,
    deletionProtection: true,
    dropInvalidHeaderFields: true,
    desyncMitigationMode: elb.DesyncMitigationMode.STRICTEST,
    xffHeaderProcessingMode: elb.XffHeaderProcessingMode.APPEND,
    idleTimeout: Duration.seconds(idleSeconds),
    http2Enabled: true,
  })
  const logs = createLogBucket(scope, 'AlbLogs')
  alb.logAccessLogs(logs, 'alb')
  const [blue, green] = [createTargets(scope, 'Blue', vpc), createTargets(scope, 'Green', vpc)] as const
  alb.addListener('Http', {
    port: 80,
    open: true,
    defaultAction: elb.ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
  })
  const https = {
    protocol: elb.ApplicationProtocol.HTTPS,
    certificates: [certificate],
    sslPolicy: elb.SslPolicy.TLS13_12_RES_PQ,
  }
  const nothing = elb.ListenerAction.fixedResponse(404)
  const listener = alb.addListener('Https', { ...https, port: 443, open: true, defaultAction: nothing })
  // Who may try the next version before everybody gets it: nobody from outside.
  const test = alb.addListener('Test', { ...https, port: 8443, open: false, defaultAction: nothing })
  // Prometheus asks the tasks, not the public address.
  listener.addAction('NoMetrics', {
    priority: 1,
    conditions: [elb.ListenerCondition.pathPatterns(['/metrics'])],
    action: nothing,
  })
  const rule = (id: string, on: elb.ApplicationListener, first: elb.ApplicationTargetGroup, second: typeof first) =>
    new elb.ApplicationListenerRule(scope, id, {
      listener: on,
      priority: 10,
      conditions: [everything],
      action: elb.ListenerAction.weightedForward([
        { targetGroup: first, weight: 100 },
        { targetGroup: second, weight: 0 },
      ]),
    })
  const productionRule = rule('Production', listener, blue, green)
  const testRule = rule('Testing', test, green, blue)
  securityGroup.addEgressRule(taskGroup, ec2.Port.tcp(port))
  const record = {
    zone,
    recordName: `${api}.`,
    target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(alb)),
  }
  new route53.ARecord(scope, 'Address', record)
  return { alb, securityGroup, blue, green, productionRule, testRule, logs }
}

/** Healthy is what answers /ready: not draining, with a database that takes changes. */
function createTargets(scope: Construct, id: string, vpc: ec2.IVpc): elb.ApplicationTargetGroup {
  return new elb.ApplicationTargetGroup(scope, id, {
    vpc,
    port,
    protocol: elb.ApplicationProtocol.HTTP,
    targetType: elb.TargetType.IP,
    loadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
    deregistrationDelay: Duration.seconds(30),
    healthCheck: {
      path: '/ready',
      healthyHttpCodes: '200',
      interval: Duration.seconds(5),
      timeout: Duration.seconds(4),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 2,
    },
  })
}

/** Access logs name addresses: they are kept for 90 days. */
export function createLogBucket(scope: Construct, id: string): s3.Bucket {
  return new s3.Bucket(scope, id, {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    // The load balancer writes under no other encryption.
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: false,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
    lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: RemovalPolicy.RETAIN,
  })
}
