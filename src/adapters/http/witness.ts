/** A witness, asked over HTTP (C2SP tlog-witness). spec/witness.md, WIT-5. @module */
import { fromUtf8 } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { WitnessConnection, WitnessReply } from '../../ports/witness.ts'
import { readBody } from './body.ts'

/** Room for the lines of a witness with several keys, post-quantum ones among them, in bytes. */
const ANSWER_BYTES_MAX = 64 * 1024

/**
 * @param prefix the submission prefix of the witness
 * @param answer where the witness is in this process: what answers in place of the network
 */
export function httpWitness(prefix: string, answer: typeof fetch = fetch): WitnessConnection {
  const url = `${prefix.replace(/\/$/, '')}/add-checkpoint`
  return {
    addCheckpoint: async (body, signal) => {
      try {
        const response = await answer(url, { method: 'POST', body, signal, redirect: 'error' })
        return replyOf(response, await readBody(response, ANSWER_BYTES_MAX))
      } catch (cause) {
        if (cause instanceof LogError) throw cause
        throw new LogError('WITNESS_UNAVAILABLE', `the witness at ${prefix} does not answer`, { cause })
      }
    },
  }
}

function replyOf(response: Response, bytes: Uint8Array): WitnessReply {
  switch (response.status) {
    case 200:
      return { kind: 'cosigned', lines: bytes }
    case 409:
      return { kind: 'conflict', size: sizeOf(response, bytes) }
    case 422:
      return { kind: 'bad_proof' }
    case 400:
      return { kind: 'refused', why: 'it finds the request malformed' }
    case 403:
      return { kind: 'refused', why: 'it does not trust the key of the log' }
    case 404:
      return { kind: 'refused', why: 'it does not know the log' }
    default:
      throw new LogError('WITNESS_UNAVAILABLE', `the witness answered with status ${response.status}`)
  }
}

function sizeOf(response: Response, bytes: Uint8Array): number {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim()
  const digits = bytes.length > 32 ? undefined : /^(0|[1-9]\d{0,15})\n$/.exec(fromUtf8(bytes))?.[1]
  if (type !== 'text/x.tlog.size' || digits === undefined) {
    throw new LogError('WITNESS_UNAVAILABLE', 'the witness answered a conflict without its size')
  }
  return Number(digits)
}
