/**
 * What an attestation costs beside the signature in it: issuing and verifying one, beside raw Ed25519 and ES256 over
 * the same bytes. spec/attestation.md (ATT-5, ATT-15), spec/carriers.md (CAR-2).
 * @module
 */
import { createHash } from 'node:crypto'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { fromCompact, toCompact } from '../../src/provenance/carriers/compact.ts'
import { measure } from '../../src/provenance/digest.ts'
import { preAuthEncoding, PAYLOAD_TYPE, signEnvelope } from '../../src/provenance/dsse.ts'
import { readBundle } from '../../src/provenance/statement.ts'
import { pinnedKeys, verifyAttestation } from '../../src/provenance/verify.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { AttestationWorld, CONTENT } from '../../vectors/attestation/world.ts'

const WARM_UP = 300
const ROUNDS = 2000
/** 17 MB. */
const THROUGHPUT_LINES = 400_000

export interface AttestFigures {
  /** Bytes of the signed statement. */
  readonly statement_bytes: number
  readonly compact_chars: number
  /** Microseconds, medians. */
  readonly sign_raw_us: number
  readonly attest_us: number
  readonly attest_ratio: number
  /** Raw: the signatures that are verified, of the issuer and of the person, with keys imported. */
  readonly verify_raw_us: number
  readonly verify_us: number
  readonly verify_ratio: number
  /** From the compact form to an answer. */
  readonly verify_compact_us: number
  /** Of 17 MB, in megabytes a second: the form `file`, and the form `text`. */
  readonly file_mb_per_s: number
  readonly text_mb_per_s: number
}

export function benchAttest(rounds = ROUNDS): AttestFigures {
  const w = new AttestationWorld('bench')
  const statement = w.good('supervised')
  const payload = canonicalBytes(statement)
  const signer = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
  const signed = preAuthEncoding(PAYLOAD_TYPE, payload)
  const bundle = readBundle(canonicalBytes(w.bundle(statement)))
  const text = JSON.stringify(bundle)
  const compact = toCompact(bundle)
  const newHash = () => createHash('sha256')
  const content = utf8(CONTENT)
  const verified = (read: () => typeof bundle): void => {
    const found = read()
    const keys = pinnedKeys(nodeCrypto, found, [w.kid])
    const given = { ...measure('file', content, newHash), name: 'letter.txt' }
    const answer = verifyAttestation(nodeCrypto, { bundle: found, keys, given })
    if (!answer.ok) throw new Error(answer.code)
  }
  const { gesture } = statement.predicate
  if (gesture === undefined) throw new TypeError('a supervised attestation has a gesture')
  const person = nodeCrypto.signer(nodeCrypto.generateKey('ES256'))
  const shown = nodeCrypto.randomBytes(69)
  const [issuerSignature, personSignature] = [signer.sign(signed), person.sign(shown)]
  const rows = {
    sign_raw_us: () => signer.sign(signed),
    attest_us: () => signEnvelope(nodeCrypto, signer, canonicalBytes(statement)),
    verify_raw_us: () => {
      const good =
        nodeCrypto.verify(signer.publicJwk, signed, issuerSignature) &&
        nodeCrypto.verify(person.publicJwk, shown, personSignature)
      if (!good) throw new Error('a raw signature does not verify')
    },
    verify_us: () => verified(() => readBundle(utf8(text))),
    verify_compact_us: () => verified(() => fromCompact(nodeCrypto, compact)),
  }
  const us = inTurns(rows, rounds)
  return {
    statement_bytes: payload.length,
    compact_chars: compact.length,
    ...us,
    attest_ratio: ratio(us.attest_us, us.sign_raw_us),
    verify_ratio: ratio(us.verify_us, us.verify_raw_us),
    file_mb_per_s: throughput('file'),
    text_mb_per_s: throughput('text'),
  }
}

/** Rows take turns, so that what else the machine does falls on all of them alike. @returns medians */
function inTurns<Name extends string>(
  rows: Record<Name, () => unknown>,
  rounds: number,
): Record<Name, number> {
  const names = Object.keys(rows) as Name[]
  const times = new Map(names.map((name) => [name, [] as number[]]))
  for (let round = -WARM_UP; round < rounds; round++)
    for (const name of names) {
      const start = performance.now()
      rows[name]()
      const took = performance.now() - start
      if (round >= 0) times.get(name)?.push(took * 1000)
    }
  const medians = names.map((name) => [name, median(times.get(name) ?? [])])
  return Object.fromEntries(medians) as Record<Name, number>
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10
}

function ratio(ours: number, raw: number): number {
  return Math.round((ours / raw) * 100) / 100
}

/** The best of some: what the machine can, and not what else it did meanwhile. */
function throughput(form: 'file' | 'text'): number {
  const bytes = utf8('A line of a text that is not remarkable.\r\n'.repeat(THROUGHPUT_LINES))
  let best_ms = Infinity
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    measure(form, bytes, () => createHash('sha256'))
    best_ms = Math.min(best_ms, performance.now() - start)
  }
  return Math.round(bytes.length / 1000 / best_ms)
}
