/**
 * Verifies answers about the log in this browser, by the modules of the verifier: an entry against the checkpoint, the
 * checkpoint against the log's key and against what was seen before. spec/log.md (LOG-36, LOG-37), spec/console.md (CON-8).
 * Invariant: nothing of the answer is believed but what leads to a signature of a known key.
 * @module
 */
import { withWebCrypto } from '../../../../../src/adapters/web-crypto/web-crypto.ts'
import type { Crypto } from '../../../../../src/core/crypto.ts'
import { base64, equalBytes, fromBase64, utf8 } from '../../../../../src/core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../../../../src/core/json.ts'
import { openCheckpoint, parseCheckpoint, type Checkpoint } from '../../../../../src/log/checkpoint.ts'
import { openCosignatures, parseCosignerVkey, type CosignerKey } from '../../../../../src/log/cosignature.ts'
import { leafHash, verifyConsistency, verifyInclusion } from '../../../../../src/log/merkle.ts'
import { parseNote } from '../../../../../src/log/note.ts'
import { rfc3339 } from '../../../../../src/core/time.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Kept } from './kept.ts'

const t = words.log.said

export type StepName = keyof typeof words.log.steps
export interface Step {
  readonly name: StepName
  readonly state: 'holds' | 'fails' | 'open'
  readonly says: readonly string[]
  /** A hash or a key. */
  readonly value?: string
}

export interface EntryAnswer {
  readonly index: number
  readonly entry: unknown
  readonly proof: readonly string[]
  readonly checkpoint: string
}

export interface ConsistencyAnswer {
  readonly from: { readonly size: number; readonly root: string }
  readonly to: { readonly size: number; readonly root: string }
  readonly proof: readonly string[]
}

/** What is known apart from the answer. */
export interface Known {
  readonly vkey: string
  readonly kept: Kept | null
  /** vkeys of witnesses. */
  readonly witnesses: readonly string[]
  /** Asks for the proof between two sizes. */
  readonly prove: (from: number, to: number) => Promise<ConsistencyAnswer>
}

export interface Verdict {
  readonly holds: boolean
  readonly steps: readonly Step[]
  /** The checkpoint, when it verified. */
  readonly checkpoint: Checkpoint | null
  /** What is to be kept from now on; null: nothing, because something does not hold. */
  readonly keep: Kept | null
}

export function verifyEntry(answer: EntryAnswer, known: Known, now: number): Promise<Verdict> {
  return verdict(answer.checkpoint, known, now, (crypto) => entrySteps(crypto, answer))
}

/** A checkpoint alone. */
export function verifyCheckpoint(note: string, known: Known, now: number): Promise<Verdict> {
  return verdict(note, known, now, () => [])
}

async function verdict(
  note: string,
  known: Known,
  now: number,
  first: (crypto: Crypto) => Step[],
): Promise<Verdict> {
  const { steps, checkpoint } = await withWebCrypto((crypto) => {
    const signed = signatureStep(crypto, note, known.vkey)
    return {
      steps: [...first(crypto), signed.step, keyStep(known), cosignatureStep(crypto, note, known.witnesses)],
      checkpoint: signed.checkpoint,
    }
  })
  const extended = checkpoint === null ? [] : [await consistencyStep(checkpoint, known)]
  const all = [...steps.slice(0, -1), ...extended, ...steps.slice(-1)]
  const holds = checkpoint !== null && all.every(({ state }) => state !== 'fails')
  const kept =
    holds && checkpoint !== null ? { vkey: known.vkey, note, size: checkpoint.size, at: now } : null
  return { holds, steps: all, checkpoint, keep: kept }
}

function entrySteps(crypto: Crypto, { index, entry, proof, checkpoint }: EntryAnswer): Step[] {
  try {
    const bytes = canonicalBytes(entry as JsonObject)
    const leaf = leafHash(crypto, bytes)
    const { size, root } = parseCheckpoint(parseNote(utf8(checkpoint)).text)
    const isIn = verifyInclusion(crypto, { index, size, leaf, root, proof: proof.map(fromBase64) })
    return [
      { name: 'leaf', state: 'holds', says: [t.leaf(count(bytes.length))], value: base64(leaf) },
      {
        name: 'inclusion',
        state: isIn ? 'holds' : 'fails',
        says: [isIn ? t.included(proof.length, count(size)) : t.notIncluded],
        value: base64(root),
      },
    ]
  } catch {
    // Whatever it is, it is no entry with a proof.
    return [{ name: 'inclusion', state: 'fails', says: [t.notIncluded] }]
  }
}

function signatureStep(
  crypto: Crypto,
  note: string,
  vkey: string,
): { step: Step; checkpoint: Checkpoint | null } {
  try {
    const checkpoint = openCheckpoint(crypto, utf8(note), vkey)
    return {
      checkpoint,
      step: { name: 'signature', state: 'holds', says: [t.signed(checkpoint.origin)], value: vkey },
    }
  } catch (error) {
    return {
      checkpoint: null,
      step: { name: 'signature', state: 'fails', says: [t.notSigned(textOf(error))], value: vkey },
    }
  }
}

function keyStep({ vkey, kept }: Known): Step {
  if (kept === null) return { name: 'key', state: 'open', says: [t.firstSeen] }
  if (kept.vkey === vkey) return { name: 'key', state: 'holds', says: [t.sameKey] }
  return { name: 'key', state: 'fails', says: [t.otherKey], value: kept.vkey }
}

async function consistencyStep({ size, root }: Checkpoint, { kept, prove }: Known): Promise<Step> {
  const step = (state: Step['state'], text: string): Step => ({ name: 'consistency', state, says: [text] })
  if (kept === null) return step('open', t.firstCheckpoint)
  try {
    // It verified before it was kept, and this browser's own memory is not the control plane's to write.
    const seen = parseCheckpoint(parseNote(utf8(kept.note)).text)
    const [from, to] = [count(seen.size), count(size)]
    if (size < seen.size) return step('fails', t.shrunk(from, to))
    if (size === seen.size)
      return equalBytes(root, seen.root) ? step('holds', t.sameCheckpoint(to)) : step('fails', t.forked(from))
    if (seen.size === 0) return step('open', t.firstCheckpoint)
    const { proof } = await prove(seen.size, size)
    const claim = { size1: seen.size, size2: size, root1: seen.root, root2: root }
    const isOne = await withWebCrypto((crypto) =>
      verifyConsistency(crypto, { ...claim, proof: proof.map(fromBase64) }),
    )
    return isOne ? step('holds', t.extends(from, to)) : step('fails', t.forked(from))
  } catch (error) {
    return step('fails', t.noProof(textOf(error)))
  }
}

function cosignatureStep(crypto: Crypto, note: string, vkeys: readonly string[]): Step {
  const name = 'cosignatures'
  try {
    const known = vkeys.map((vkey) => parseCosignerVkey(crypto, vkey))
    const verified = openCosignatures(crypto, utf8(note), known)
    const isKnown = (id: string): boolean => known.some((key) => key.id === id)
    const { text, signatures } = parseNote(utf8(note))
    const origin = text.split('\n')[0]
    const others = signatures.filter((each) => each.name !== origin && !isKnown(each.id))
    const says = [
      ...verified.map(({ by, time_s }) => t.cosigned(by.name, rfc3339(time_s * 1000))),
      ...others.map((each) => t.unknownCosigner(each.name, each.id)),
    ]
    if (says.length === 0) return { name, state: 'open', says: [t.noCosignatures] }
    return { name, state: verified.length > 0 ? 'holds' : 'open', says }
  } catch (error) {
    return { name, state: 'fails', says: [t.badCosignature(textOf(error))] }
  }
}

/** Whether one tree extends another, by their roots as the answer has them. */
export function isConsistent({ from, to, proof }: ConsistencyAnswer): Promise<boolean> {
  return withWebCrypto((crypto) => {
    try {
      const roots = { root1: fromBase64(from.root), root2: fromBase64(to.root) }
      return verifyConsistency(crypto, {
        size1: from.size,
        size2: to.size,
        ...roots,
        proof: proof.map(fromBase64),
      })
    } catch {
      return false
    }
  })
}

/** @throws {LogError} `VKEY_INVALID` */
export function witnessKey(vkey: string): Promise<CosignerKey> {
  return withWebCrypto((crypto) => parseCosignerVkey(crypto, vkey))
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
