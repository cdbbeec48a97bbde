/**
 * `release` for a client of the gateway: a tool of the gateway's own, beside those of the server. spec/outputs.md (OUT-13).
 * Invariant: what one client releases no other can ask after.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../../../core/crypto.ts'
import { fromBase64 } from '../../../core/encoding.ts'
import { CountersignError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import { FORMS } from '../../../core/output.ts'
import { explain } from '../../../decide/reasons.ts'
import { measured } from '../../measured.ts'
import type { ReleaseAnswer, Releases, ToSend } from '../../releases.ts'
import type { RpcRequest } from './frames.ts'
import { RPC_BUSY, RPC_INVALID_PARAMS, rpcError, rpcResult, type ReadCall } from './messages.ts'

export const RELEASE_TOOL = 'countersign_release'

/** How long one call of it waits for people, in seconds, unless told otherwise and at most. */
const WAIT_S = 20
const WAIT_S_MAX = 300
/** Calls of one connection that wait for people. */
const WAITING_MAX = 64

export type ReleaseDesk = Pick<Releases, 'kinds' | 'releaseBy'>

const argsSchema = z
  .strictObject({
    kind: z.string().max(64),
    key: z.string().min(1).max(64),
    text: z.string().exactOptional(),
    json: z.json().exactOptional(),
    base64: z.string().exactOptional(),
    name: z.string().min(1).max(256).exactOptional(),
    form: z.enum(FORMS).exactOptional(),
    draft: z.string().max(64).exactOptional(),
    wait_s: z.int().min(0).max(WAIT_S_MAX).default(WAIT_S),
  })
  .refine(({ text, json, base64 }) => [text, json, base64].filter((each) => each !== undefined).length === 1)
type Args = z.infer<typeof argsSchema>

export class ReleaseTool {
  readonly #crypto: Crypto
  readonly #desk: ReleaseDesk
  readonly #server: string
  #waiting_n = 0

  constructor(crypto: Crypto, desk: ReleaseDesk, server: string) {
    this.#crypto = crypto
    this.#desk = desk
    this.#server = server
  }

  /** As a list shows it; null: no policy in force has a kind of output. */
  definition(): JsonObject | null {
    const kinds = this.#desk.kinds()
    return kinds.length === 0 ? null : definitionOf(kinds)
  }

  /** @returns the line that answers it */
  async call(request: RpcRequest, { tool, args, credential }: ReadCall): Promise<string> {
    const read = argsSchema.safeParse(args)
    const kinds = this.#desk.kinds()
    if (!read.success || !kinds.includes(read.data.kind))
      return rpcError(
        request.id,
        RPC_INVALID_PARAMS,
        `${RELEASE_TOOL} takes kind (${kinds.join(', ')}), key, and one of text, json and base64`,
      )
    if (this.#waiting_n >= WAITING_MAX)
      return rpcError(request.id, RPC_BUSY, `${WAITING_MAX} outputs wait: ask after them first`)
    const output = this.#outputOf(read.data)
    if (output === null)
      return rpcError(request.id, RPC_INVALID_PARAMS, 'the output cannot be brought into that form')
    this.#waiting_n++
    try {
      let url: string | null = null
      const { key, wait_s } = read.data
      const by = { server: this.#server, tool, args, credential, definition_hash: null }
      const answer = await this.#desk.releaseBy(by, key, output, {
        onHeld: (held) => (url = held.url),
        ttl_ms: wait_s * 1000,
      })
      return resultOf(request, answer, url)
    } finally {
      this.#waiting_n--
    }
  }

  #outputOf({ kind, text, json, base64, name, form, draft }: Args): ToSend | null {
    const how = {
      kind,
      ...(name === undefined ? {} : { name }),
      ...(form === undefined ? {} : { form }),
    }
    try {
      const given = base64 === undefined ? (text ?? json) : fromBase64(base64)
      const made = measured(this.#crypto, given, how)
      return { kind, ...made, ...(draft === undefined ? {} : { draft }) }
    } catch (error) {
      if (error instanceof CountersignError) return null
      throw error
    }
  }
}

function resultOf(request: RpcRequest, answer: ReleaseAnswer, url: string | null): string {
  const said = saidOf(answer, url)
  return rpcResult(request, {
    content: [{ type: 'text', text: textOf(answer, said.decision === 'held' ? url : null) }],
    structuredContent: said,
    ...(said.decision === 'deny' ? { isError: true } : {}),
  })
}

/** @param url where people review it, if it was held */
function saidOf(answer: ReleaseAnswer, url: string | null): JsonObject {
  const { output } = answer
  const of = output === undefined ? {} : { output }
  if (answer.decision === 'allow')
    return { decision: 'allow', ...of, role: answer.role, attestation: answer.attestation }
  const isHeld = url !== null && answer.reasons.every((reason) => reason === 'ATTESTATION_NEEDED')
  return isHeld ? { decision: 'held', ...of, url } : { decision: 'deny', ...of, reasons: [...answer.reasons] }
}

function textOf(answer: ReleaseAnswer, url: string | null): string {
  if (url !== null)
    return `It waits for a person, who reviews it at ${url}. Do not send it yet: call this again with the same arguments.`
  if (answer.decision === 'deny') return answer.reasons.map(explain).join('\n')
  return answer.role === null
    ? 'It may leave. Send exactly this.'
    : `It may leave, ${answer.role} by a person. Send exactly this.`
}

function definitionOf(kinds: readonly string[]): JsonObject {
  const text = (description: string): JsonObject => ({ type: 'string', description })
  return {
    name: RELEASE_TOOL,
    title: 'Release an output',
    description:
      'Before you send out what leaves by no tool here (a letter, an answer, a file), give it to this tool. It says ' +
      '"allow", or that a person has to look at it first. Send exactly what you gave, and only after "allow".',
    inputSchema: {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: [...kinds], description: 'What kind of output it is' },
        key: text('Your own name for this sending. The same again asks after the same one'),
        text: text('The output, if it is text'),
        json: { description: 'The output, if it is JSON' },
        base64: text('The output, if it is bytes'),
        name: text('What it is called'),
        form: { type: 'string', enum: [...FORMS], description: 'How it is digested, if not as it comes' },
        draft: text('The output that it was made from, out_…'),
        wait_s: {
          type: 'integer',
          minimum: 0,
          maximum: WAIT_S_MAX,
          description: 'How long to wait for a person',
        },
      },
      required: ['kind', 'key'],
    },
    outputSchema: {
      type: 'object',
      properties: { decision: { type: 'string', enum: ['allow', 'held', 'deny'] } },
      required: ['decision'],
    },
  }
}
