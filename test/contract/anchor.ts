/** What every `AnchorService` keeps. Call {@link anchorContract} with a way to make one. @module */
import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { addAnchor, openAnchors, type AnchorTrust } from '../../src/log/anchor-files.ts'
import { openCheckpoint, signCheckpoint } from '../../src/log/checkpoint.ts'
import { leafHash, rootOf } from '../../src/log/merkle.ts'
import { formatVkey, noteKey, type NoteKey } from '../../src/log/note.ts'
import type { AnchorService } from '../../src/ports/anchor.ts'
import { memoryTileStore } from './tile-store.ts'

const ORIGIN = 'log.example/anchored'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
/** The log whose checkpoints are anchored. */
export const ANCHORED_LOG: NoteKey = noteKey(crypto, ORIGIN, signer.publicJwk)
const vkey = formatVkey(ANCHORED_LOG)

/** A checkpoint of the log with so many entries. */
export function checkpointOf(size: number): Uint8Array {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(crypto, utf8(`entry ${i}`)))
  return signCheckpoint(crypto, signer, { origin: ORIGIN, size, root: rootOf(crypto, leaves) })
}

export interface ServiceAtHand {
  readonly service: AnchorService
  /** Whom a reader of its tokens trusts. */
  readonly trust: Pick<AnchorTrust, 'cosigners' | 'tokens'>
  /** The time that it should tell. */
  readonly now_ms: number
  /** Makes it fail from now on. */
  readonly fail: () => Promise<void>
}

const never = (): AbortSignal => new AbortController().signal

/** @param isProof whether its tokens prove something to a reader */
export function anchorContract(name: string, isProof: boolean, create: () => Promise<ServiceAtHand>): void {
  describe(`anchor: ${name}`, () => {
    test('tells when the checkpoint existed', async () => {
      const { service, now_ms } = await create()
      const { at_ms, token } = await service.anchor(checkpointOf(5), never())
      expect(Math.abs(at_ms - now_ms)).toBeLessThan(60_000)
      expect(token.length).toBeGreaterThan(0)
    })

    test('gives a token that a reader opens, or that says it proves nothing', async () => {
      const { service, trust } = await create()
      const tiles = memoryTileStore()
      const note = checkpointOf(5)
      const anchored = await service.anchor(note, never())
      const head = openCheckpoint(crypto, note, vkey)
      const { kind, by } = service
      const line = await addAnchor(crypto, tiles, { kind, by, head, anchored })
      const { trusted, refused } = await openAnchors({ crypto, vkey, ...trust }, tiles)
      expect(trusted.map(({ size, sha256 }) => [size, sha256])).toEqual(isProof ? [[5, line.sha256]] : [])
      expect(refused.map((each) => each.line)).toEqual(isProof ? [] : [line])
      expect(line.sha256).toBe(base64url(crypto.sha256(anchored.token)))
    })

    test('fails with a code when the other side does', async () => {
      const { service, fail } = await create()
      await fail()
      await expect(service.anchor(checkpointOf(5), never())).rejects.toThrowWithCode('ANCHOR_FAILED')
    })
  })
}
