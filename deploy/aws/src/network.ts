import { aws_ec2 as ec2, aws_logs as logs, RemovalPolicy } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'

/** Where tasks run: they reach the internet, for mail and payment providers, and are not reached from it. */
export const forTasks = { subnetGroupName: 'tasks' }
/** Where database and Valkey are: without a route to the internet. */
export const forData = { subnetGroupName: 'data' }

/** Three kinds of subnets in each zone. */
export function createVpc(scope: Construct, { zones }: Settings): ec2.Vpc {
  const vpc = new ec2.Vpc(scope, 'Vpc', {
    ipAddresses: ec2.IpAddresses.cidr('10.36.0.0/16'),
    maxAzs: zones,
    natGateways: zones,
    // Emptying the default security group takes a Lambda function; nothing is in that group.
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      { name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: forTasks.subnetGroupName, subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
      { name: forData.subnetGroupName, subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
    ],
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
  })
  vpc.addFlowLog('Flow', {
    trafficType: ec2.FlowLogTrafficType.REJECT,
    destination: ec2.FlowLogDestination.toCloudWatchLogs(
      new logs.LogGroup(scope, 'FlowLog', {
        retention: logs.RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    ),
  })
  return vpc
}

/** Within the network: what every start of a task asks of AWS. Tasks alone reach them. */
export function addEndpoints(vpc: ec2.Vpc, taskGroup: ec2.SecurityGroup): void {
  const { ECR, ECR_DOCKER, CLOUDWATCH_LOGS, SECRETS_MANAGER } = ec2.InterfaceVpcEndpointAwsService
  for (const [name, service] of Object.entries({ ECR, ECR_DOCKER, CLOUDWATCH_LOGS, SECRETS_MANAGER }))
    vpc
      .addInterfaceEndpoint(name, { service, subnets: forTasks, open: false })
      .connections.allowDefaultPortFrom(taskGroup)
}
