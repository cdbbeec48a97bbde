/**
 * What the page `/attest` runs: our verifier over WebCrypto, in the browser. spec/carriers.md (CAR-11, CAR-12).
 * The control plane serves this module and those that it imports as they are, their types taken out
 * (`apps/server/page-modules.ts`).
 * Not checked here: that the page was not changed by who serves it. The command line is for who doubts that.
 * @module
 */
import './jitless.ts'
import { withWebCrypto } from '../../src/adapters/web-crypto/web-crypto.ts'
import { CountersignError } from '../../src/core/errors.ts'
import { concat, fromUtf8 } from '../../src/core/encoding.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import type { Form } from '../../src/core/output.ts'
import {
  CANDIDATES_MAX,
  candidate,
  firstGood,
  judgeBundle,
  type Candidate,
  type CarrierAnswer,
  type Refused,
} from '../../src/provenance/carriers/commit.ts'
import { fieldValues } from '../../src/provenance/carriers/fields.ts'
import { LineMeasurer, Measurer, type NewHash } from '../../src/provenance/digest.ts'
import { ProvenanceError } from '../../src/provenance/errors.ts'
import type { Bundle } from '../../src/provenance/statement.ts'
import {
  openStatement,
  verifyAttestation,
  type Given,
  type Known,
  type TrustedKey,
} from '../../src/provenance/verify.ts'

/** A browser digests a file whole. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024
/** Of a file whose line endings are looked at a second time. */
const LINES_BYTES_MAX = 32 * 1024 * 1024

export interface Dropped {
  readonly name: string
  readonly bytes: Uint8Array
}

/** As the control plane gives them. */
export interface IssuerKey {
  readonly kid: string
  readonly jwk: unknown
  readonly status: 'current' | 'verifying' | 'retired' | 'compromised'
  /** Seconds. */
  readonly retired_at: number | null
}

/** What the page shows. */
export type Shown =
  | {
      readonly ok: true
      readonly role: string
      readonly independent: boolean
      readonly human: string
      readonly name: string | null
      readonly chain: string | null
      readonly agent: string | null
      readonly model: string | null
      readonly kind: string
      readonly issued_at: string
      readonly iss: string
      readonly id: string
      readonly kid: string
      readonly review: {
        readonly in_view_ms: number
        readonly length: number
        readonly edit_distance: number
      } | null
    }
  | { readonly ok: false; readonly code: Refused; readonly message: string }

export interface Judged {
  readonly shown: Shown
  /** With what the issuer says of it, which is asked for by its identifier alone. */
  since(known: Known): Promise<Shown>
}

/** @param attestation null: where the output carries its own */
export async function judge(
  output: Dropped,
  attestation: Dropped | null,
  keys: readonly IssuerKey[],
): Promise<Judged> {
  const trusted = trustedKeys(keys)
  const found = await candidatesIn(attestation ?? output, attestation !== null)
  const answers = new Map<Bundle, CarrierAnswer>()
  for (const each of found)
    if (!(each instanceof Error)) answers.set(each, await judgeOne(output, each, trusted))
  const answer = firstGood(
    found,
    (bundle) => answers.get(bundle) ?? { ok: false, code: 'BUNDLE_INVALID', message: '' },
  )
  return { shown: shownOf(answer), since: async (known) => shownSince(answer, trusted, known) }
}

function trustedKeys(keys: readonly IssuerKey[]): ReadonlyMap<string, TrustedKey> {
  return new Map(
    keys.map(({ kid, jwk, status, retired_at }) => [
      kid,
      {
        jwk: publicJwk(jwk),
        ...(retired_at === null ? {} : { retired_ms: retired_at * 1000 }),
        ...(status === 'compromised' ? { compromised: true } : {}),
      },
    ]),
  )
}

async function candidatesIn({ bytes }: Dropped, isAttestation: boolean): Promise<Candidate[]> {
  const held = isAttestation ? attestationsIn(bytes) : fieldValues(bytes)
  const found: Candidate[] = []
  for (const each of held.slice(0, CANDIDATES_MAX))
    found.push(await withWebCrypto((crypto) => candidate(crypto, each)))
  return found
}

/** A bundle, its compact form, or a header that has it. */
function attestationsIn(bytes: Uint8Array): (Uint8Array | string)[] {
  const compact = textOf(bytes)
  if (compact !== null && /^1\.[\w.-]+$/.test(compact)) return [compact]
  const fields = bytes[0] === 0x7b ? [] : fieldValues(bytes)
  return fields.length === 0 ? [bytes] : [...fields]
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return fromUtf8(bytes).trim()
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

async function judgeOne(
  output: Dropped,
  bundle: Bundle,
  keys: ReadonlyMap<string, TrustedKey>,
): Promise<CarrierAnswer> {
  try {
    const { statement } = await withWebCrypto((crypto) => openStatement(crypto, bundle, keys))
    const wanted = new Map(
      statement.subject.map(({ annotations, digest }) => [annotations.form, digest.sha256]),
    )
    let given: Given | null = null
    for (const [form, sha256] of wanted) {
      const measured = await measuredAs(form, output)
      if (given === null || measured.sha256 === sha256) given = measured
    }
    if (
      given?.form === 'file' &&
      given.sha256 !== wanted.get('file') &&
      output.bytes.length <= LINES_BYTES_MAX
    )
      given = { ...given, lines: await linesOf(output.bytes) }
    return await withWebCrypto((crypto) => judgeBundle(crypto, bundle, given, { keysFor: () => keys }))
  } catch (error) {
    if (error instanceof ProvenanceError) return { ok: false, code: error.code, message: error.message }
    throw error
  }
}

async function measuredAs(form: Form, { name, bytes }: Dropped): Promise<Given> {
  const kept = keeping()
  const measurer = new Measurer(form, kept.newHash)
  measurer.update(bytes)
  const { bytes: length } = measurer.end()
  return { form, sha256: await digestOf(kept.parts), bytes: length, name }
}

async function linesOf(bytes: Uint8Array): Promise<{ lf: string; crlf: string }> {
  const made: ReturnType<typeof keeping>[] = []
  const measurer = new LineMeasurer(() => {
    const kept = keeping()
    made.push(kept)
    return kept.newHash()
  })
  measurer.update(bytes)
  measurer.end()
  const [lf = '', crlf = ''] = await Promise.all(made.map(({ parts }) => digestOf(parts)))
  return { lf, crlf }
}

/** WebCrypto digests what is there whole, and not at once: the form is kept, and digested after. */
function keeping(): { readonly newHash: NewHash; readonly parts: Uint8Array[] } {
  const parts: Uint8Array[] = []
  return {
    parts,
    newHash: () => ({ update: (bytes) => parts.push(bytes), digest: () => new Uint8Array(32) }),
  }
}

async function digestOf(parts: readonly Uint8Array[]): Promise<string> {
  const [only] = parts
  const bytes = only !== undefined && parts.length === 1 ? only : concat(...parts)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function shownSince(
  answer: CarrierAnswer,
  keys: ReadonlyMap<string, TrustedKey>,
  known: Known,
): Promise<Shown> {
  if (!answer.ok) return shownOf(answer)
  const { bundle } = answer
  const again = await withWebCrypto((crypto) =>
    verifyAttestation(crypto, { bundle, keys, given: null, known }),
  )
  return again.ok ? shownOf(answer) : { ok: false, code: again.code, message: again.message }
}

function shownOf(answer: CarrierAnswer): Shown {
  if (!answer.ok) return { ok: false, code: answer.code, message: answer.message }
  const { role, independent, human, name, chain, kid, statement } = answer
  const { predicate } = statement
  const { review } = predicate
  return {
    ok: true,
    role,
    independent,
    human,
    name,
    chain,
    agent: predicate.agent?.id ?? null,
    model: predicate.model ?? null,
    kind: predicate.output.kind,
    issued_at: predicate.issued_at,
    iss: predicate.iss,
    id: predicate.id,
    kid,
    review:
      review === null
        ? null
        : { in_view_ms: review.in_view_ms, length: review.length, edit_distance: review.edit_distance },
  }
}
