import { useRoute } from '../../shell/router.tsx'
import { Endpoint } from './endpoint.tsx'
import { Endpoints } from './endpoints.tsx'

/** Other values are ignored. */
const id = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

/** The operators' endpoints, or one of them with its deliveries (`?endpoint=019…`). */
export function Webhooks() {
  const { query } = useRoute()
  const { endpoint = '' } = query
  return id.test(endpoint) ? <Endpoint key={endpoint} id={endpoint} /> : <Endpoints key="all" />
}
