/**
 * Time stamp tokens of RFC 3161, verified to pinned roots. spec/witness.md, ANC-4.
 * Invariant: a time is handed out only when every check of ANC-4 that needs no request has passed.
 * @module
 */
import { createHash, X509Certificate } from 'node:crypto'
import { Constructed, fromBER, ObjectIdentifier, OctetString, Sequence, type BaseBlock } from 'asn1js'
import { Certificate, ContentInfo, SignedData, TSTInfo, type Attribute, type SignerInfo } from 'pkijs'
import { equalBytes } from '../../core/encoding.ts'
import { LogError } from '../../log/entries.ts'
import type { TokenReader } from '../../ports/anchor.ts'
import { assertPath } from './path.ts'

/** A token with its certificates takes some 6 kB. */
export const TOKEN_BYTES_MAX = 64 * 1024
export const SHA256_OID = '2.16.840.1.101.3.4.2.1'
const SIGNED_DATA_OID = '1.2.840.113549.1.7.2'
const TST_INFO_OID = '1.2.840.113549.1.9.16.1.4'
const CONTENT_TYPE_OID = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST_OID = '1.2.840.113549.1.9.4'
const SIGNING_CERTIFICATE_OID = '1.2.840.113549.1.9.16.2.12'
const SIGNING_CERTIFICATE_V2_OID = '1.2.840.113549.1.9.16.2.47'
/** Node's names of the hashes that a signing certificate may be named with (RFC 5035). */
const HASHES: Readonly<Record<string, string>> = {
  [SHA256_OID]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** @param roots PEM, one certificate or more. @throws {LogError} `ANCHOR_INVALID`: there is none in it. */
export function tokenReader(roots: string): TokenReader {
  const trustedCerts = certificatesOf(roots)
  return {
    imprint: tokenImprint,
    verify: (token, data) => verifyToken(token, data, trustedCerts),
  }
}

/** What the token is about, as {@link TokenReader} has it: that needs no roots. @throws {LogError} `ANCHOR_INVALID` */
export function tokenImprint(token: Uint8Array): Uint8Array {
  return parsed(() => imprintOf(opened(token).info))
}

/** A token taken apart. Nothing in it has been verified. */
export interface OpenedToken {
  readonly signed: SignedData
  readonly info: TSTInfo
}

/** @throws {LogError} `ANCHOR_INVALID`, and whatever the parser throws: call it inside {@link parsed}. */
export function opened(token: Uint8Array): OpenedToken {
  if (token.length > TOKEN_BYTES_MAX) throw invalid(`a token is over ${TOKEN_BYTES_MAX} bytes`)
  const content = new ContentInfo({ schema: wholeBlock(token) })
  if (content.contentType !== SIGNED_DATA_OID) throw invalid('the token is not CMS signed data')
  const signed = new SignedData({ schema: content.content })
  const { eContentType, eContent } = signed.encapContentInfo
  if (eContentType !== TST_INFO_OID || !eContent) throw invalid('the token holds no time stamp')
  return { signed, info: TSTInfo.fromBER(eContent.getValue()) }
}

/** @throws {LogError} `ANCHOR_INVALID` for everything that a parser throws over bytes from outside */
export function parsed<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof LogError) throw cause
    throw new LogError('ANCHOR_INVALID', 'the time stamp is malformed', { cause })
  }
}

/** One DER value and nothing after it. @throws {LogError} `ANCHOR_INVALID` */
export function wholeBlock(bytes: Uint8Array): BaseBlock {
  const { offset, result } = fromBER(Uint8Array.from(bytes))
  if (offset !== bytes.length) throw invalid('the time stamp is not one ASN.1 value')
  return result
}

async function verifyToken(
  token: Uint8Array,
  data: Uint8Array,
  trustedCerts: Certificate[],
): Promise<number> {
  const { signed, info } = parsed(() => opened(token))
  const [signer, ...others] = signed.signerInfos
  if (!signer || others.length > 0) throw invalid('the token has not one signer')
  if (
    !equalBytes(
      parsed(() => imprintOf(info)),
      sha256(data),
    )
  )
    throw invalid('the token is about something else')
  let path: readonly Certificate[]
  try {
    const result = await signed.verify({
      signer: 0,
      data: Uint8Array.from(data).buffer,
      trustedCerts,
      checkChain: true,
      extendedMode: true,
    })
    path = result.signatureVerified === true ? result.certificatePath : []
    // The library takes as the first of the path whichever certificate it lists last.
    if (path[0] !== result.signerCertificate) path = []
  } catch (cause) {
    throw new LogError('ANCHOR_INVALID', 'the token does not verify up to a pinned root', { cause })
  }
  const [certificate] = path
  if (!certificate) throw invalid('the signature of the token does not verify')
  parsed(() => assertPath(path))
  parsed(() => assertAttributes(signer, certificate))
  return info.genTime.getTime()
}

function imprintOf({ messageImprint }: TSTInfo): Uint8Array {
  const { hashAlgorithm, hashedMessage } = messageImprint
  if (hashAlgorithm.algorithmId !== SHA256_OID) throw invalid('the imprint of the token is not SHA-256')
  return new Uint8Array(hashedMessage.getValue())
}

/** What the CMS signature covers must say what it is of, and whose: RFC 5652 section 5.3, RFC 3161 section 2.4.2. */
function assertAttributes({ signedAttrs }: SignerInfo, certificate: Certificate): void {
  const attributes = signedAttrs?.attributes ?? []
  const only = (type: string): unknown => {
    const found = attributes.filter((attribute: Attribute) => attribute.type === type)
    return found.length === 1 && found[0]?.values.length === 1 ? found[0].values[0] : undefined
  }
  const type = only(CONTENT_TYPE_OID)
  if (!(type instanceof ObjectIdentifier) || type.getValue() !== TST_INFO_OID)
    throw invalid('the token does not sign that it is a time stamp')
  if (!(only(MESSAGE_DIGEST_OID) instanceof OctetString)) throw invalid('the token does not sign one digest')
  const der = new Uint8Array(certificate.toSchema().toBER())
  const named = namedCertificate(only(SIGNING_CERTIFICATE_V2_OID), only(SIGNING_CERTIFICATE_OID))
  if (!equalBytes(named.hash, createHash(named.algorithm).update(der).digest()))
    throw invalid('the token names another certificate than the one that signed it')
}

/** The first ESSCertIDv2 (RFC 5035), else the first ESSCertID (RFC 2634). */
function namedCertificate(v2: unknown, v1: unknown): { algorithm: string; hash: Uint8Array } {
  const [algorithmOrHash, hash] = firstCertId(v2 ?? v1)
  if (algorithmOrHash instanceof OctetString) {
    const algorithm = v2 === undefined ? 'sha1' : 'sha256'
    return { algorithm, hash: new Uint8Array(algorithmOrHash.getValue()) }
  }
  const [oid] = algorithmOrHash instanceof Sequence ? algorithmOrHash.valueBlock.value : []
  const algorithm = oid instanceof ObjectIdentifier ? HASHES[oid.getValue()] : undefined
  if (v2 === undefined || algorithm === undefined || !(hash instanceof OctetString))
    throw invalid('the token does not name the certificate that signed it')
  return { algorithm, hash: new Uint8Array(hash.getValue()) }
}

function firstCertId(signingCertificate: unknown): readonly unknown[] {
  let at = signingCertificate
  for (let depth = 0; depth < 2; depth++) {
    if (!(at instanceof Constructed)) throw invalid('the token does not name the certificate that signed it')
    at = at.valueBlock.value[0]
  }
  return at instanceof Constructed ? at.valueBlock.value : []
}

function certificatesOf(pem: string): Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    const found = blocks.map((block) => Certificate.fromBER(Uint8Array.from(new X509Certificate(block).raw)))
    if (found.length > 0) return found
  } catch (cause) {
    throw new LogError('ANCHOR_INVALID', 'a root certificate cannot be read', { cause })
  }
  throw invalid('the file of roots holds no certificate')
}

export function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest())
}

export function invalid(message: string): LogError {
  return new LogError('ANCHOR_INVALID', message)
}
