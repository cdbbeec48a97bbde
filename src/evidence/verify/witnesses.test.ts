/** Cosignatures under the checkpoints of a pack, by witnesses that its reader names. spec/pack.md (PCK-11). */
import { describe, expect, test } from 'vitest'
import { LogBuilder } from '../../../test/fixtures/history.ts'
import { changedPack, COSIGNED_S, cosignedPack, flip, witnessOf } from '../../../test/fixtures/tampered.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { fromUtf8 } from '../../core/encoding.ts'
import { rfc3339 } from '../../core/time.ts'
import { addCosignatures, cosign, cosignerKey, formatCosignerVkey } from '../../log/cosignature.ts'
import { parseNote } from '../../log/note.ts'
import { verifyPack } from './verify.ts'

const AT = rfc3339(COSIGNED_S * 1000)
const CHECK = 'cosignatures by the witnesses that you named hold'

const log = new LogBuilder().company()
log.root('bot')
const honest = await log.pack()
const witness = witnessOf(log)
const VKEY = formatCosignerVkey(witness)
const another = log.world.signer('another witness').publicJwk
const STRANGER = formatCosignerVkey(cosignerKey(nodeCrypto, 'witness.example/w2', another))

const reportOf = async (pack: Uint8Array, witnesses: readonly string[]) =>
  (await verifyPack(nodeCrypto, pack, log.vkey, { witnesses })).report

describe('a cosignature under the checkpoint of a pack', () => {
  test('holds by the key of the witness, with the time that the witness says', async () => {
    const { ok, checks, cosignatures, not_checked } = await reportOf(cosignedPack(log, honest), [VKEY])
    expect(ok).toBe(true)
    expect(checks).toContainEqual({ name: CHECK, ok: true, count: 1 })
    expect(cosignatures).toEqual([{ file: 'checkpoint', witness: witness.name, at: AT }])
    expect(not_checked.join()).not.toMatch(/no key of a witness|saw the tree/)
  })

  test('that does not hold is a fault of the pack', async () => {
    const bent = cosignedPack(log, honest, ({ signature, ...line }) => {
      const other = signature.slice()
      other[20] = (other[20] ?? 0) ^ 1
      return { ...line, signature: other }
    })
    const { ok, integrity, checks, faults, cosignatures } = await reportOf(bent, [VKEY])
    expect([ok, integrity, cosignatures]).toEqual([false, false, []])
    expect(faults).toMatchObject([{ code: 'COSIGNATURE_INVALID', file: 'checkpoint' }])
    expect(checks).toContainEqual({ name: CHECK, ok: false, count: 0 })
    // Whoever does not know the witness has nothing to hold against it.
    expect((await reportOf(bent, [STRANGER])).ok).toBe(true)
  })

  test('of another tree, put under this one, does not hold', async () => {
    const moved = changedPack(log, honest, (files) => {
      const note = files.get('checkpoint') ?? Uint8Array.of()
      const { text } = parseNote(log.checkpointAt(3))
      const line = cosign(nodeCrypto, text, witness.name, log.world.signer('witness'), COSIGNED_S)
      files.set('checkpoint', addCosignatures(note, [line]))
    })
    expect((await reportOf(moved, [VKEY])).faults.map(({ code }) => code)).toEqual(['COSIGNATURE_INVALID'])
  })
})

describe('what no witness says', () => {
  test('is not checked when none was named, and when the one that was did not sign', async () => {
    const none = await reportOf(cosignedPack(log, honest), [])
    expect(none.not_checked.join()).toContain('no key of a witness was given')
    expect(none.cosignatures).toBeUndefined()
    expect(none.checks.map(({ name }) => name)).not.toContain(CHECK)
    const two = await reportOf(cosignedPack(log, honest), [VKEY, STRANGER, VKEY])
    expect(two.cosignatures).toHaveLength(1)
    expect(two.ok).toBe(true)
    expect(two.not_checked.join()).toContain('that witness.example/w2 saw the tree of checkpoint')
  })

  test('does not stand for a checkpoint that the log did not sign', async () => {
    const damaged = changedPack(log, cosignedPack(log, honest), (files) => flip(files, 'checkpoint', 2))
    const { faults, cosignatures } = await reportOf(damaged, [VKEY])
    expect(faults.map(({ code }) => code)).toContain('CHECKPOINT_INVALID')
    expect(cosignatures).toEqual([])
  })

  test('is asked of keys of witnesses alone', async () => {
    for (const key of [log.vkey, 'no key', fromUtf8(log.checkpointAt(1))])
      await expect(reportOf(honest, [key])).rejects.toThrowWithCode('VKEY_INVALID')
  })
})
