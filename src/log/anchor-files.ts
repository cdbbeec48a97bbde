/**
 * Anchors beside the log: `anchor/index` and the tokens that it lists. spec/witness.md, ANC-3.
 * Invariant: a file that the index lists was durable before it; what a crash leaves is a token that nobody lists.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../core/crypto.ts'
import { base64url, equalBytes, fromBase64url, fromUtf8, utf8 } from '../core/encoding.ts'
import { CoreError } from '../core/errors.ts'
import type { Anchored, TokenReader } from '../ports/anchor.ts'
import type { TileStore } from '../ports/tile-store.ts'
import { indexLineSchema, type IndexLine } from './anchored.ts'
import type { TrustedAnchor } from './anchors.ts'
import { openCosigned, type CosignerKey } from './cosignature.ts'
import { LogError } from './entries.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { rootAt } from './reader.ts'

export const INDEX_PATH = 'anchor/index'
/** Three anchors a day for 25 years. */
const LINES_MAX = 30_000

const indexSchema = z.strictObject({ v: z.literal(1), anchors: z.array(indexLineSchema).max(LINES_MAX) })

/** @param sha256 32 bytes */
export function anchorPath(sha256: Uint8Array): string {
  return `anchor/${Array.from(sha256, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Oldest first; none when there is no index. @throws {LogError} `ANCHOR_INVALID` */
export async function readAnchorIndex(tiles: Pick<TileStore, 'read'>): Promise<readonly IndexLine[]> {
  const bytes = await tiles.read(INDEX_PATH)
  if (!bytes) return []
  try {
    return indexSchema.parse(JSON.parse(fromUtf8(bytes))).anchors
  } catch (cause) {
    throw new LogError('ANCHOR_INVALID', 'the index of anchors is malformed', { cause })
  }
}

export function encodeAnchorIndex(anchors: readonly IndexLine[]): Uint8Array {
  return utf8(`${JSON.stringify({ v: 1, anchors })}\n`)
}

export interface NewAnchor {
  readonly kind: IndexLine['kind']
  readonly by: string
  readonly head: Checkpoint
  readonly anchored: Anchored
}

/**
 * Keeps a token, what it is about, and a line of the index, in this order. One at a time: whoever calls has the log.
 * @returns the line
 * @throws {LogError} `ANCHOR_INVALID`: the index is malformed or full. `LOG_UNAVAILABLE`.
 */
export async function addAnchor(crypto: Crypto, tiles: TileStore, added: NewAnchor): Promise<IndexLine> {
  const { kind, by, head, anchored } = added
  const { token, about, at_ms } = anchored
  const before = await readAnchorIndex(tiles)
  if (before.length >= LINES_MAX) throw new LogError('ANCHOR_INVALID', 'the index of anchors is full')
  const sha256 = crypto.sha256(token)
  await tiles.write(anchorPath(sha256), token)
  if (about) await tiles.write(anchorPath(crypto.sha256(about)), about)
  const line = { kind, by, size: head.size, at: Math.floor(at_ms / 1000), sha256: base64url(sha256) }
  await tiles.write(INDEX_PATH, encodeAnchorIndex([...before, line]))
  return line
}

/** Whom the reader trusts. */
export interface AnchorTrust {
  readonly crypto: Crypto
  /** The log's key. */
  readonly vkey: string
  readonly cosigners: readonly CosignerKey[]
  /** For time stamps; null when no root is known. */
  readonly tokens: TokenReader | null
}

export interface OpenedAnchors {
  /** What the index lists: nobody signed it. */
  readonly lines: readonly IndexLine[]
  readonly trusted: readonly TrustedAnchor[]
  /** Those that prove nothing to this reader. */
  readonly refused: readonly RefusedAnchor[]
}

export interface RefusedAnchor {
  readonly line: IndexLine
  readonly why: string
  /** False when there is nothing wrong with it: the reader trusts nobody who could speak for it. */
  readonly isFault: boolean
}

/** Reads and verifies every anchor that the index lists. @throws {LogError} `ANCHOR_INVALID`: the index; `LOG_UNAVAILABLE` */
export async function openAnchors(
  trust: AnchorTrust,
  tiles: Pick<TileStore, 'read'>,
): Promise<OpenedAnchors> {
  const trusted: TrustedAnchor[] = []
  const refused: RefusedAnchor[] = []
  const lines = await readAnchorIndex(tiles)
  for (const line of lines) {
    try {
      trusted.push(await openAnchor(trust, tiles, line))
    } catch (cause) {
      if (!(cause instanceof LogError || cause instanceof CoreError)) throw cause
      if (cause.code === 'LOG_UNAVAILABLE') throw cause
      refused.push({ line, why: cause.message, isFault: cause.code !== 'ANCHOR_UNTRUSTED' })
    }
  }
  return { lines, trusted, refused }
}

/**
 * The anchors of another tree than the one at hand: each is a split view, or an index that lies.
 * @param tiles of the tree of `size`, which the caller has verified
 */
export async function strangeAnchors(
  crypto: Crypto,
  tiles: Pick<TileStore, 'read'>,
  size: number,
  anchors: readonly TrustedAnchor[],
): Promise<TrustedAnchor[]> {
  const strange: TrustedAnchor[] = []
  for (const anchor of anchors) {
    const isWithin = anchor.size <= size
    if (!isWithin || !equalBytes(await rootAt(crypto, tiles, anchor.size, size), anchor.root))
      strange.push(anchor)
  }
  return strange
}

async function openAnchor(
  trust: AnchorTrust,
  tiles: Pick<TileStore, 'read'>,
  line: IndexLine,
): Promise<TrustedAnchor> {
  const token = await readHashed(trust.crypto, tiles, fromBase64url(line.sha256))
  const { size, root, at_ms } = await openToken(trust, tiles, line, token)
  if (size !== line.size)
    throw new LogError('ANCHOR_INVALID', 'the anchor is of another size than the index says')
  return { kind: line.kind, by: line.by, size, root, at_ms, sha256: line.sha256 }
}

async function openToken(
  trust: AnchorTrust,
  tiles: Pick<TileStore, 'read'>,
  { kind, by }: IndexLine,
  token: Uint8Array,
): Promise<Checkpoint & { at_ms: number }> {
  const { crypto, vkey, cosigners, tokens } = trust
  switch (kind) {
    case 'mail':
      throw new LogError('ANCHOR_UNTRUSTED', 'what a mail proves, its receiver knows')
    case 'cosignature': {
      const { checkpoint, cosignatures } = openCosigned(crypto, token, vkey, cosigners)
      const found = cosignatures.find((each) => each.by.name === by)
      if (!found) throw new LogError('ANCHOR_UNTRUSTED', `no key of ${by} that you trust cosigned it`)
      return { ...checkpoint, at_ms: found.time_s * 1000 }
    }
    case 'timestamp': {
      if (!tokens) throw new LogError('ANCHOR_UNTRUSTED', 'no root of a time stamp authority is known')
      const note = await readHashed(crypto, tiles, tokens.imprint(token))
      const at_ms = await tokens.verify(token, note)
      return { ...openCheckpoint(crypto, note, vkey), at_ms }
    }
  }
}

async function readHashed(
  crypto: Crypto,
  tiles: Pick<TileStore, 'read'>,
  sha256: Uint8Array,
): Promise<Uint8Array> {
  const bytes = await tiles.read(anchorPath(sha256))
  if (!bytes) throw new LogError('ANCHOR_INVALID', 'a file of the anchor is missing')
  if (!equalBytes(crypto.sha256(bytes), sha256))
    throw new LogError('ANCHOR_INVALID', 'a file of the anchor was changed')
  return bytes
}
