/** The {@link ApprovalExchange} port of an enforcement point, over HTTP. @module */
import { z } from 'zod'
import { approvalSchema } from '../../core/approval.ts'
import { parseJson } from '../../core/json.ts'
import type { ApprovalExchange } from '../../ports/control-plane.ts'
import { readBody } from './body.ts'
import { refusal, type ApiClient } from './client.ts'

/** The control plane waits up to 20 s before it says that nobody has decided yet. */
const WAIT_MS_MAX = 30_000
const ANSWER_LIMITS = { bytes_max: 256 * 1024, depth_max: 16 }

export function httpApprovals(client: ApiClient): ApprovalExchange {
  return {
    requestApproval: async (request) =>
      z.object({ url: z.url() }).parse(await client.post('/v1/approvals', { ...request })),

    awaitApproval: async (approval, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS_MAX)])
      const response = await client.send('GET', `/v1/points/self/approvals/${approval}`, null, limit)
      if (!response.ok) throw await refusal(response)
      const answer = parseJson(await readBody(response, ANSWER_LIMITS.bytes_max), ANSWER_LIMITS)
      return z.object({ approval: approvalSchema.nullable() }).parse(answer)
    },
  }
}
