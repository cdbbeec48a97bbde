/** Drata: records of a custom connection, public API v2. docs/connectors.md has the sources. @module */
import { z } from 'zod'
import type { FindingsService } from '../../../ports/findings.ts'
import { FindingsClient, type FindingsClientOptions } from './client.ts'

export const DRATA_URL = 'https://public-api.drata.com/public/v2'
/** Records of one request. */
const BATCH_MAX = 100

export const drataSettings = z.strictObject({
  url: z.string().default(DRATA_URL),
  token: z.string().min(1),
  /** Numbers of the connection and of its resource. */
  connection: z.coerce.number().int().positive(),
  resource: z.coerce.number().int().positive(),
})

/** Records with an identifier that is there are updated, others are made: Drata does not say which. */
export function drataFindings(
  settings: z.infer<typeof drataSettings>,
  pause?: FindingsClientOptions['pause'],
): FindingsService {
  const { url, token, connection, resource } = settings
  const headers = { authorization: `Bearer ${token}` }
  const client = new FindingsClient({ service: 'Drata', url, headers, ...(pause && { pause }) })
  const path = `/custom-connections/${connection}/resources/${resource}/records`
  return {
    takes: new Set(['control', 'finding', 'pack']),
    push: async (findings, signal) => {
      for (let at = 0; at < findings.length; at += BATCH_MAX) {
        const data = findings
          .slice(at, at + BATCH_MAX)
          .map(({ id, title, url: where, lines, properties }) => ({
            id,
            title,
            url: where ?? '',
            detail: lines.join('\n'),
            ...properties,
          }))
        await client.retrying(signal, () => client.send('POST', path, { data }, signal))
      }
      return { sent: findings.length, created: null, updated: null }
    },
  }
}
