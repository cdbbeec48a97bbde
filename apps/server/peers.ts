/**
 * Other nodes of this log: what one tells another that has the key of the log, which all of them have. spec/log.md, LOG-44.
 * Invariant: neither the network nor the database can answer for a node: the answer is signed and holds what the one who
 * asked has just made up.
 * @module
 */
import { z } from 'zod'
import { readBody } from '../../src/adapters/http/body.ts'
import { ApiClient, ApiError } from '../../src/adapters/http/client.ts'
import type { Crypto, PublicJwk, Signer } from '../../src/core/crypto.ts'
import { base64url, fromUtf8, utf8 } from '../../src/core/encoding.ts'
import { parseJws, signJws, verifyJws } from '../../src/core/sign.ts'
import { NOTE_BYTES_MAX } from '../../src/log/note.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Peer } from './elsewhere.ts'

export const SIGNED_PATH = '/v1/nodes/self/signed'
/** One that answers is near; one that hangs must not keep the place empty. */
const TIMEOUT_MS = 2_000
/** A note in JSON in base64url, with room. */
const ANSWER_BYTES_MAX = 2 * NOTE_BYTES_MAX
const TYP = 'countersign-signed+jwt'

const bodySchema = z.object({ signed: z.string() })
const answerSchema = z.strictObject({ nonce: z.string(), note: z.string().nullable() })

/** @param note that this node signed or took over last */
export function signedAnswer(signer: Signer, nonce: string, note: Uint8Array | null): string {
  return signJws(signer, { typ: TYP }, { nonce, note: note && fromUtf8(note) })
}

/** @throws {CoreError}; {ApiError} `API_ANSWER_INVALID`: signed by another key, or an answer to another question */
export function openSignedAnswer(
  crypto: Crypto,
  key: PublicJwk,
  nonce: string,
  answer: string,
): Uint8Array | null {
  const jws = parseJws(answer, ANSWER_BYTES_MAX)
  const isTheirs = jws.header.typ === TYP && verifyJws(crypto, jws, key)
  const said = answerSchema.safeParse(jws.payload)
  if (!isTheirs || !said.success || said.data.nonce !== nonce)
    throw new ApiError('API_ANSWER_INVALID', 'the answer is not that of a node of this log to this question')
  return said.data.note === null ? null : utf8(said.data.note)
}

/** @param signer of the log: nobody needs the database to know it */
export function httpPeer(url: string, parts: { crypto: Crypto; clock: Clock; signer: Signer }): Peer {
  const { crypto, signer } = parts
  const client = new ApiClient({ url: url.replace(/\/+$/, ''), ...parts })
  return {
    name: new URL(url).host,
    signed: async () => {
      const nonce = base64url(crypto.randomBytes(16))
      const path = `${SIGNED_PATH}?nonce=${nonce}`
      const response = await client.send('GET', path, null, AbortSignal.timeout(TIMEOUT_MS))
      const body = await readBody(response, ANSWER_BYTES_MAX)
      if (!response.ok)
        throw new ApiError('API_REFUSED', 'a node does not say what it signed', { status: response.status })
      const { signed } = bodySchema.parse(JSON.parse(fromUtf8(body)))
      return openSignedAnswer(crypto, signer.publicJwk, nonce, signed)
    },
  }
}
