/**
 * The path of certificates from a time stamp to its root, as far as the library that builds it does not look: RFC 5280
 * section 6.1, RFC 3161 section 2.3. spec/witness.md, ANC-4.
 * Checked before, by the library: signatures, names, validity, and that who issues is an authority.
 * @module
 */
import { BitString, Integer } from 'asn1js'
import { BasicConstraints, ExtKeyUsage, type Certificate, type Extension } from 'pkijs'
import { LogError } from '../../log/entries.ts'

const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'
const EXTENDED_KEY_USAGE = '2.5.29.37'
/** Critical ones that somebody looks at: those above here; alternative names, name constraints and policies the library. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  KEY_USAGE,
  BASIC_CONSTRAINTS,
  EXTENDED_KEY_USAGE,
  '2.5.29.17',
  '2.5.29.30',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.36',
  '2.5.29.54',
])
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
const ANY_PURPOSE = '2.5.29.37.0'
/** Bits of the first byte of a key usage, from the left: digitalSignature and contentCommitment; keyCertSign. */
const SIGNS = 0b1100_0000
const ISSUES = 0b0000_0100

/** @param path from the certificate that stamps to the root. @throws {LogError} `ANCHOR_INVALID` */
export function assertPath(path: readonly Certificate[]): void {
  for (const certificate of path) assertUnderstood(certificate)
  const [stamps, ...issuers] = path
  if (!stamps || issuers.length === 0) throw invalid('the token leads to no pinned root')
  assertStamps(stamps)
  /** Certificates below, but for the one that stamps and those that an authority issues to itself. */
  let below = 0
  for (const issuer of issuers) {
    assertIssues(issuer, below)
    if (!issuer.issuer.isEqual(issuer.subject)) below++
  }
}

/** RFC 5280 section 4.2: one of each, and none critical that nobody looks at. */
function assertUnderstood({ extensions = [] }: Certificate): void {
  const seen = new Set<string>()
  for (const { extnID, critical, parsedValue } of extensions) {
    if (seen.has(extnID)) throw invalid('a certificate of the token has an extension twice')
    seen.add(extnID)
    const isBroken = parsedValue === undefined || parsedValue === null || 'parsingError' in parsedValue
    if (critical && (isBroken || !UNDERSTOOD.has(extnID)))
      throw invalid(`a certificate of the token has a critical extension that is not known: ${extnID}`)
  }
}

/** RFC 3161 section 2.3: for time stamping, critical, and nothing else. */
function assertStamps(certificate: Certificate): void {
  const purposes = purposesOf(certificate)
  const isCritical = extensionOf(certificate, EXTENDED_KEY_USAGE)?.critical === true
  if (!isCritical || purposes?.length !== 1 || purposes[0] !== TIME_STAMPING)
    throw invalid('the certificate of the token is not for time stamping alone')
  const usage = usageOf(certificate)
  if (usage !== null && (usage & SIGNS) === 0)
    throw invalid('the certificate of the token is not for signatures')
}

/** @param below certificates between it and the one that stamps, which its path length limits */
function assertIssues(certificate: Certificate, below: number): void {
  const constraints = extensionOf(certificate, BASIC_CONSTRAINTS)?.parsedValue
  if (!(constraints instanceof BasicConstraints) || !constraints.cA)
    throw invalid('a certificate was issued by one that is no authority')
  const longest = lengthOf(constraints.pathLenConstraint)
  if (longest !== null && !(below <= longest))
    throw invalid('there are more certificates below an authority than it may have')
  const usage = usageOf(certificate)
  if (usage !== null && (usage & ISSUES) === 0)
    throw invalid('a certificate was issued by one that is not for that')
  const purposes = purposesOf(certificate)
  if (purposes !== null && !purposes.includes(TIME_STAMPING) && !purposes.includes(ANY_PURPOSE))
    throw invalid('a certificate was issued by an authority for other purposes')
}

/** Null: without a limit. One that does not fit a number is larger than any path. */
function lengthOf(constraint: BasicConstraints['pathLenConstraint']): number | null {
  return constraint instanceof Integer || constraint === undefined ? null : constraint
}

/** The first byte of the bits; null when the certificate says nothing of it. */
function usageOf(certificate: Certificate): number | null {
  const extension = extensionOf(certificate, KEY_USAGE)
  if (extension === undefined) return null
  const bits: unknown = extension.parsedValue
  if (!(bits instanceof BitString)) throw invalid('a key usage of a certificate is malformed')
  return bits.valueBlock.valueHexView[0] ?? 0
}

function purposesOf(certificate: Certificate): readonly string[] | null {
  const extension = extensionOf(certificate, EXTENDED_KEY_USAGE)
  if (extension === undefined) return null
  const usage: unknown = extension.parsedValue
  return usage instanceof ExtKeyUsage ? usage.keyPurposes : []
}

function extensionOf({ extensions = [] }: Certificate, id: string): Extension | undefined {
  return extensions.find(({ extnID }) => extnID === id)
}

function invalid(message: string): LogError {
  return new LogError('ANCHOR_INVALID', message)
}
