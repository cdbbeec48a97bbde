/**
 * The compact form of a bundle, for carriers that hold one line. spec/carriers.md (CAR-2). Pure.
 * Not checked: whether it holds. What is read from it is verified as any bundle is.
 * @module
 */
import type { Crypto, OkpPublicJwk } from '../../core/crypto.ts'
import { base64, base64url, fromBase64, fromBase64url, fromUtf8, utf8 } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { canonicalBytes } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import { envelopeSchema, PAYLOAD_TYPE } from '../dsse.ts'
import { readBundle, type Bundle } from '../statement.ts'
import { CarrierError } from './errors.ts'

const VERSION = '1'
/** An envelope's payload at its longest, and what else there is. */
const COMPACT_CHARS_MAX = 300 * 1024

/**
 * `1.PAYLOAD.SIGNATURE.KEY`, and `.SALT.NAME` where the name is disclosed.
 * @throws {CarrierError} `CARRIER_TOO_LARGE`: it has not one signature, by an Ed25519 key that stands with it
 */
export function toCompact({ envelope, keys, disclosures }: Bundle): string {
  const read = envelopeSchema.safeParse(envelope)
  const [signature, ...others] = read.success ? read.data.signatures : []
  const key = keys.find(({ kid }) => kid === signature?.keyid)?.jwk
  if (!read.success || signature === undefined || others.length > 0 || key?.kty !== 'OKP')
    throw new CarrierError(
      'CARRIER_TOO_LARGE',
      'one line holds one signature, by an Ed25519 key that the bundle has: carry the file instead',
    )
  const human = disclosures?.human
  return [
    VERSION,
    base64url(fromBase64(read.data.payload)),
    base64url(fromBase64(signature.sig)),
    key.x,
    ...(human === undefined ? [] : [human.salt, base64url(utf8(human.name))]),
  ].join('.')
}

/** @throws {CarrierError} `CARRIER_MALFORMED` */
export function fromCompact(crypto: Crypto, text: string): Bundle {
  const parts = text.split('.')
  const [version, payload = '', sig = '', x = '', salt, name] = parts
  if (text.length > COMPACT_CHARS_MAX || version !== VERSION || (parts.length !== 4 && parts.length !== 6))
    throw malformed()
  try {
    const jwk: OkpPublicJwk = { kty: 'OKP', crv: 'Ed25519', x }
    const kid = thumbprint(crypto, jwk)
    const bundle = {
      v: 1,
      envelope: {
        payload: base64(fromBase64url(payload)),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ keyid: kid, sig: base64(fromBase64url(sig)) }],
      },
      keys: [{ kid, jwk: { ...jwk } }],
      ...(salt === undefined || name === undefined
        ? {}
        : { disclosures: { human: { salt, name: fromUtf8(fromBase64url(name)) } } }),
    }
    return readBundle(canonicalBytes(bundle))
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw malformed(cause)
  }
}

function malformed(cause?: unknown): CarrierError {
  return new CarrierError('CARRIER_MALFORMED', 'that is no attestation in its compact form', { cause })
}
