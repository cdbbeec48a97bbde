/** The {@link OutputExchange} port of an enforcement point, over HTTP. @module */
import { z } from 'zod'
import { parseJson } from '../../core/json.ts'
import { outputPolicySchema, ROLES } from '../../core/output.ts'
import type { OutputExchange } from '../../ports/outputs.ts'
import { readBody } from './body.ts'
import { refusal, type ApiClient } from './client.ts'

/** The control plane waits up to 20 s before it says that nobody has attested it yet. */
const WAIT_MS_MAX = 30_000
const ANSWER_LIMITS = { bytes_max: 64 * 1024, depth_max: 8 }

const stateSchema = z.object({
  output: z.string(),
  released: z.boolean(),
  role: z.enum(ROLES).nullable(),
  attestation: z.string().nullable(),
  url: z.string(),
})

export function httpOutputs(client: ApiClient): OutputExchange {
  return {
    outputPolicy: async () =>
      z
        .object({ policy: outputPolicySchema.nullable() })
        .parse(await client.get('/v1/points/self/output-policy')).policy,

    registerOutput: async ({ subject, calls, ...output }) => {
      const body = { ...output, subject: subject.map((one) => ({ ...one })), calls: [...calls] }
      return stateSchema.parse(await client.post('/v1/points/self/outputs', body))
    },

    releaseOutput: async (output, how, signal) => {
      const limit = AbortSignal.timeout(WAIT_MS_MAX)
      const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
      const path = `/v1/points/self/outputs/${output}/release`
      const response = await client.send('POST', path, JSON.stringify(how), either)
      if (!response.ok) throw await refusal(response)
      return stateSchema.parse(parseJson(await readBody(response, ANSWER_LIMITS.bytes_max), ANSWER_LIMITS))
    },
  }
}
