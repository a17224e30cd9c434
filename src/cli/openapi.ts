import { mountRoutes } from '../app.ts'
import { openApiDocument } from '../ops/openapi.ts'
import type { Invocation } from './command.ts'
import { readConfig } from './environment.ts'

/** `openapi`: prints the document. */
export async function runOpenApi(invocation: Invocation): Promise<number> {
  const { publicUrl } = readConfig(invocation)
  invocation.print(JSON.stringify(await openApiDocument(mountRoutes(), publicUrl), null, 2))
  return 0
}
