/** GraphQL over HTTP, as Linear and Probo speak it. spec/connectors.md (CNX-6). @module */
import { z } from 'zod'
import type { FindingsClient } from './client.ts'

const bodySchema = z.looseObject({ data: z.unknown().optional(), errors: z.array(z.unknown()).nullish() })

/** One try. @throws {FindingsError}, or a reason to ask again */
export async function graphql<T>(
  client: FindingsClient,
  path: string,
  asked: { readonly query: string; readonly variables: object; readonly data: z.ZodType<T> },
  signal: AbortSignal,
): Promise<T> {
  const { query, variables, data } = asked
  const { json, status } = await client.send('POST', path, { query, variables }, signal)
  const body = bodySchema.safeParse(json)
  if ((body.data?.errors?.length ?? 0) > 0) client.refused(status, json)
  const answer = data.safeParse(body.data?.data)
  if (answer.success) return answer.data
  throw client.fault('FINDINGS_ANSWER_INVALID', 'answers otherwise than its documentation says')
}
