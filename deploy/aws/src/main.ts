#!/usr/bin/env bun
/** What `cdk` runs: MANAS360_SETTINGS names the installation's settings, IMAGE_DIGEST the image to deploy. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { acknowledge } from './acknowledged.ts'
import { createStacks } from './app.ts'
import { ImageDigest, Settings } from './settings.ts'

const { MANAS360_SETTINGS = join(import.meta.dir, '..', 'settings.json'), IMAGE_DIGEST } = process.env
const settings = Settings.parse(JSON.parse(readFileSync(MANAS360_SETTINGS, 'utf8')))
const digest = ImageDigest.safeParse(IMAGE_DIGEST)
if (!digest.success) {
  process.stderr.write(
    'IMAGE_DIGEST: must be sha256: and 64 hexadecimal digits, of the image to deploy; 64 zeros before there is one.\n',
  )
  process.exit(1)
}
const stacks = createStacks({ settings, imageDigest: digest.data, now: new Date() })
acknowledge(stacks)
Validations.of(stacks.app).addPlugins(new AwsSolutionsChecks(stacks.app))
stacks.app.synth()
