import type { Catalogue } from '@manas360/client'
import { readApi } from './call-api.ts'
import { client } from './client.ts'
import { type Loaded, useAnswer } from './use-answer.ts'

/** The current roles, permissions, plans and features. */
export const useCatalogue = (): Loaded<Catalogue> =>
  useAnswer('catalogue', () => readApi(() => client.v1.catalogue.$get()))
