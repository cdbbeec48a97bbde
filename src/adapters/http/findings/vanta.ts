/** Vanta: custom resources of a private integration. docs/connectors.md has the sources. @module */
import { z } from 'zod'
import type { Finding, FindingsService } from '../../../ports/findings.ts'
import { FindingsClient, type FindingsClientOptions } from './client.ts'

export const VANTA_URL = 'https://api.vanta.com'
const SCOPE = 'connectors.self:write-resource'

export const vantaSettings = z.strictObject({
  url: z.string().default(VANTA_URL),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  /** Identifier of the custom resource that has all of it. */
  resource: z.string().min(1),
})

/**
 * A sync replaces all that was there: everything goes in one request, and what is no finding any more is gone.
 * Only one access token of an application holds at a time, so one is asked for at each push.
 */
export function vantaFindings(
  settings: z.infer<typeof vantaSettings>,
  pause?: FindingsClientOptions['pause'],
): FindingsService {
  const { url, client_id, client_secret, resource } = settings
  const client = new FindingsClient({ service: 'Vanta', url, headers: {}, ...(pause && { pause }) })
  return {
    takes: new Set(['control', 'finding', 'pack']),
    push: async (findings, signal) => {
      const resources = findings.map((finding) => resourceOf(client, finding))
      const asked = { client_id, client_secret, scope: SCOPE, grant_type: 'client_credentials' }
      const token = await client.retrying(signal, async () => {
        const { json } = await client.send('POST', '/oauth/token', asked, signal)
        const answer = z.looseObject({ access_token: z.string().min(1) }).safeParse(json)
        if (answer.success) return answer.data.access_token
        throw client.fault('FINDINGS_ANSWER_INVALID', 'gave no access token: see its URL')
      })
      await client.retrying(signal, async () => {
        const authorization = { authorization: `Bearer ${token}` }
        const body = { resourceId: resource, resources }
        const { json } = await client.send(
          'PUT',
          '/v1/resources/custom_resource',
          body,
          signal,
          authorization,
        )
        const answer = z.looseObject({ success: z.boolean() }).safeParse(json)
        if (answer.success && !answer.data.success)
          throw client.fault(
            'FINDINGS_REFUSED',
            'did not take the resources: see that the schema is that of docs/connectors.md',
          )
      })
      return { sent: findings.length, created: null, updated: null }
    },
  }
}

/** Properties are flat: booleans, 32-bit integers, text. The base schema wants an address of each. */
function resourceOf(client: FindingsClient, { id, title, url, lines, properties }: Finding): object {
  if (url === null)
    throw client.fault(
      'FINDINGS_SETTINGS_INVALID',
      'wants an address of each resource: give --where, where people find the pack',
    )
  return {
    uniqueId: id,
    displayName: title,
    externalUrl: url,
    customProperties: { ...properties, detail: lines.join('\n') },
  }
}
