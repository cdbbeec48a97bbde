/** A time stamp authority, asked over HTTP (RFC 3161 section 3.4). spec/witness.md, ANC-4. @module */
import { randomBytes } from 'node:crypto'
import { Constructed, Integer, OctetString, type BaseBlock } from 'asn1js'
import { AlgorithmIdentifier, MessageImprint, PKIStatus, PKIStatusInfo, TimeStampReq } from 'pkijs'
import { equalBytes } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { Anchored, AnchorService } from '../../ports/anchor.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  invalid,
  opened,
  parsed,
  sha256,
  SHA256_OID,
  TOKEN_BYTES_MAX,
  tokenReader,
  wholeBlock,
} from './token.ts'

const NONCE_BYTES = 16
/** How far the authority's clock may be from ours, in milliseconds. */
const SKEW_MS_MAX = 300_000

export interface AuthorityOptions {
  /** Stands in the log. */
  readonly name: string
  readonly url: string
  /** PEM of the roots that its certificate must lead to. */
  readonly roots: string
  readonly clock: Clock
}

/** @throws {LogError} `ANCHOR_INVALID`: no root can be read */
export function timestampAnchor({ name, url, roots, clock }: AuthorityOptions): AnchorService {
  const reader = tokenReader(roots)
  return {
    kind: 'timestamp',
    by: name,
    anchor: async (note, signal): Promise<Anchored> => {
      const nonce = nonceBytes()
      const token = tokenOf(await ask(url, requestOf(note, nonce), signal))
      const at_ms = await reader.verify(token, note)
      assertNonce(token, nonce)
      if (Math.abs(at_ms - clock.now()) > SKEW_MS_MAX)
        throw invalid('the time of the time stamp is more than five minutes from ours')
      return { token, about: note, at_ms }
    },
  }
}

function requestOf(note: Uint8Array, nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256_OID }),
      hashedMessage: new OctetString({ valueHex: Uint8Array.from(sha256(note)) }),
    }),
    nonce: new Integer({ valueHex: Uint8Array.from(nonce) }),
    certReq: true,
  })
  return new Uint8Array(request.toSchema().toBER())
}

/** A positive number in its shortest form: the first byte is neither 0 nor above 0x7f. */
function nonceBytes(): Uint8Array {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40
  return nonce
}

function assertNonce(token: Uint8Array, nonce: Uint8Array): void {
  const answered = parsed(() => opened(token)).info.nonce?.valueBlock.valueHexView
  if (!answered || !equalBytes(new Uint8Array(answered), nonce))
    throw invalid('the time stamp answers another request')
}

/** The bytes of the token as they were signed. @throws {LogError} `ANCHOR_FAILED`: refused. `ANCHOR_INVALID` */
function tokenOf(response: Uint8Array): Uint8Array {
  const [status, token] = parsed(() => partsOf(response))
  const code = parsed(() => new PKIStatusInfo({ schema: status })).status
  if (code !== PKIStatus.granted && code !== PKIStatus.grantedWithMods)
    throw new LogError('ANCHOR_FAILED', `the authority refused with status ${code}`)
  if (!token) throw invalid('the answer of the authority has no token')
  return Uint8Array.from(token.valueBeforeDecodeView)
}

function partsOf(response: Uint8Array): readonly (BaseBlock | undefined)[] {
  const whole = wholeBlock(response)
  if (!(whole instanceof Constructed)) throw invalid('the answer of the authority is malformed')
  return whole.valueBlock.value
}

async function ask(url: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const headers = { 'content-type': 'application/timestamp-query' }
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
    if (!response.ok)
      throw new LogError('ANCHOR_FAILED', `the authority answered with status ${response.status}`)
    return await readAnswer(response)
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    throw new LogError('ANCHOR_FAILED', `the time stamp authority at ${new URL(url).host} does not answer`, {
      cause,
    })
  }
}

async function readAnswer(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const part of response.body ?? []) {
    total += part.length
    if (total > TOKEN_BYTES_MAX) throw invalid(`the answer of the authority is over ${TOKEN_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
