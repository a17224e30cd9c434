import type { Feature, Plan, Role } from '@manas360/client'
import { client } from '../../calls/client.ts'
import { callTagged, type Tagged } from '../../calls/tagged.ts'

/** A plan with its ETag. */
export const readPlan = (name: string): Promise<Tagged<Plan>> =>
  callTagged(() => client.v1.plans[':name'].$get({ param: { name } }))

/** A feature with its ETag. */
export const readFeature = (name: string): Promise<Tagged<Feature>> =>
  callTagged(() => client.v1.features[':name'].$get({ param: { name } }))

/** A role with its ETag. */
export const readRole = (name: string): Promise<Tagged<Role>> =>
  callTagged(() => client.v1.admin.roles[':name'].$get({ param: { name } }))
