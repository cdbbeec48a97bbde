/** The {@link DomainExchange} port of an enforcement point, over HTTP. @module */
import { z } from 'zod'
import { domainLeaseSchema } from '../../core/domain.ts'
import { parseJson, type JsonObject } from '../../core/json.ts'
import type { DomainExchange } from '../../ports/domains.ts'
import { readBody } from './body.ts'
import { refusal, type ApiClient } from './client.ts'

/** The control plane waits up to 20 s before it says that nobody asks. */
const WAIT_MS_MAX = 30_000
const ANSWER_LIMITS = { bytes_max: 1024 * 1024, depth_max: 4 }

const lease = z.strictObject({ ...domainLeaseSchema.shape, ttl_ms: z.int() })
const PATH = '/v1/points/self/domains'

export function httpDomains(client: ApiClient): DomainExchange {
  return {
    leaseDomains: async (holder, domains) =>
      z
        .object({ leases: z.array(lease).nullable() })
        .parse(await client.post(PATH, asJson({ ...holder, domains }))).leases,

    renewDomains: async (holder, domains) =>
      z
        .object({ leases: z.array(lease) })
        .parse(await client.post(`${PATH}/renewals`, asJson({ ...holder, domains }))).leases,

    handOver: async (domains) => void (await client.post(`${PATH}/hand-overs`, asJson({ domains }))),

    wantedDomains: async (signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS_MAX)])
      const response = await client.send('GET', `${PATH}/wanted`, null, limit)
      if (!response.ok) throw await refusal(response)
      const answer = parseJson(await readBody(response, ANSWER_LIMITS.bytes_max), ANSWER_LIMITS)
      return z.object({ agents: z.array(z.string()) }).parse(answer).agents
    },
  }
}

/** Values of our own types are JSON by construction; this says so to the compiler. */
function asJson(value: object): JsonObject {
  return value as JsonObject
}
