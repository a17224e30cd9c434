import { CfnOutput, Duration, aws_ecr as ecr, aws_iam as iam, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'

/** A release is about six: its index, an image for each architecture, and what is attested of them. */
const keptManifests = 300

/** Where images are, and who may put them there: it comes first, for everything else names an image. */
export class RegistryStack extends Stack {
  readonly repository: ecr.Repository

  constructor(scope: Construct, id: string, props: StackProps & { settings: Settings }) {
    super(scope, id, props)
    this.repository = new ecr.Repository(this, 'Repository', {
      repositoryName: 'manas360',
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      encryption: ecr.RepositoryEncryption.KMS,
      lifecycleRules: [
        { description: 'Enough to go back to', tagStatus: ecr.TagStatus.ANY, maxImageCount: keptManifests },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    })
    new CfnOutput(this, 'RepositoryUri', { value: this.repository.repositoryUri })
    const { pipeline } = props.settings
    if (pipeline) this.createPipelineRole(pipeline, props.settings)
  }

  /**
   * What a workflow may do: push images, deploy by the roles that `cdk bootstrap` made, and run and watch the one-off
   * tasks. It holds no key: GitHub's token says which repository and environment it runs for.
   */
  private createPipelineRole({ repository, environment }: NonNullable<Settings['pipeline']>, settings: Settings): void {
    const { account, region } = settings
    const provider = new iam.CfnOIDCProvider(this, 'GitHub', {
      url: 'https://token.actions.githubusercontent.com',
      clientIdList: ['sts.amazonaws.com'],
    })
    const role = new iam.Role(this, 'PipelineRole', {
      roleName: 'manas360-pipeline',
      maxSessionDuration: Duration.hours(1),
      assumedBy: new iam.WebIdentityPrincipal(provider.attrArn, {
        StringEquals: {
          'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
          'token.actions.githubusercontent.com:sub': `repo:${repository}:environment:${environment}`,
        },
      }),
    })
    this.repository.grantPullPush(role)
    const allow = (actions: string[], resources: string[], conditions?: object) =>
      role.addToPolicy(new iam.PolicyStatement({ actions, resources, conditions: conditions as undefined }))
    const bootstrapped = ['deploy-role', 'file-publishing-role'].flatMap((kind) =>
      [...new Set([region, 'us-east-1'])].map(
        (place) => `arn:aws:iam::${account}:role/cdk-hnb659fds-${kind}-${account}-${place}`,
      ),
    )
    allow(['sts:AssumeRole'], bootstrapped)
    const oneOff = ['createroles', 'migrate', 'doctor'].map(
      (name) => `arn:aws:ecs:${region}:${account}:task-definition/manas360-${name}:*`,
    )
    allow(['ecs:RunTask'], oneOff)
    // ECS knows no resource for it; it tells what a definition says, which names secrets and holds none.
    allow(['ecs:DescribeTaskDefinition'], ['*'])
    allow(['ecs:DescribeTasks'], [`arn:aws:ecs:${region}:${account}:task/manas360/*`])
    allow(['ecs:DescribeServices'], [`arn:aws:ecs:${region}:${account}:service/manas360/*`])
    allow(['iam:PassRole'], [`arn:aws:iam::${account}:role/manas360-oneoff-*`], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    })
    allow(['logs:GetLogEvents'], [`arn:aws:logs:${region}:${account}:log-group:/manas360/*`])
    new CfnOutput(this, 'PipelineRoleArn', { value: role.roleArn })
  }
}
