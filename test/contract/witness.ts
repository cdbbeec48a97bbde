/** What every `WitnessConnection` keeps, and the one without a network that tests of the log use. @module */
import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { signCheckpoint } from '../../src/log/checkpoint.ts'
import { openAnswer, type CosignerKey } from '../../src/log/cosignature.ts'
import { LogError } from '../../src/log/entries.ts'
import { leafHash, rootOf } from '../../src/log/merkle.ts'
import { noteKey, parseNote, type NoteKey } from '../../src/log/note.ts'
import { formatAddCheckpoint } from '../../src/log/witness-request.ts'
import type { Witness } from '../../src/log/witness.ts'
import type { WitnessConnection } from '../../src/ports/witness.ts'

/** The witness in the same process. */
export function directWitness(witness: Witness): WitnessConnection {
  return {
    addCheckpoint: async (body, signal) => {
      if (signal.aborted) throw new LogError('WITNESS_UNAVAILABLE', 'given up')
      const answer = await witness.addCheckpoint(body)
      if (answer.kind === 'cosigned') return { kind: 'cosigned', lines: utf8(answer.lines) }
      if (answer.kind === 'conflict') return answer
      if (answer.kind === 'bad_proof') return { kind: 'bad_proof' }
      if (answer.kind === 'clock_behind') throw new LogError('WITNESS_UNAVAILABLE', answer.kind)
      return { kind: 'refused', why: answer.kind }
    },
  }
}

export const ORIGIN = 'log.example/contract'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
/** The log that the witness of the contract knows. */
export const LOG_KEY: NoteKey = noteKey(crypto, ORIGIN, signer.publicJwk)

function note(size: number, salt = ''): Uint8Array {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(crypto, utf8(`${salt}${i}`)))
  return signCheckpoint(crypto, signer, { origin: ORIGIN, size, root: rootOf(crypto, leaves) })
}

const never = (): AbortSignal => new AbortController().signal

/** @param create a connection to a witness that knows `LOG_KEY` and has seen nothing */
export function witnessContract(
  name: string,
  create: () => Promise<{ connection: WitnessConnection; key: CosignerKey }>,
): void {
  describe(`connection to a witness: ${name}`, () => {
    const add = (connection: WitnessConnection, old_size: number, checkpoint: Uint8Array) =>
      connection.addCheckpoint(formatAddCheckpoint({ old_size, proof: [], note: checkpoint }), never())

    test('gives a cosignature that verifies', async () => {
      const { connection, key } = await create()
      const reply = await add(connection, 0, note(5))
      if (reply.kind !== 'cosigned') throw new Error(reply.kind)
      expect(openAnswer(crypto, parseNote(note(5)).text, reply.lines, key)?.by).toBe(key)
    })

    test('tells the size that the witness has', async () => {
      const { connection } = await create()
      expect(await add(connection, 3, note(5))).toEqual({ kind: 'conflict', size: 0 })
      await add(connection, 0, note(5))
      expect(await add(connection, 0, note(7))).toEqual({ kind: 'conflict', size: 5 })
      expect(await add(connection, 5, note(5, 'another'))).toEqual({ kind: 'conflict', size: 5 })
    })

    test('tells a proof that does not verify', async () => {
      const { connection } = await create()
      await add(connection, 0, note(5))
      expect(await add(connection, 5, note(7))).toEqual({ kind: 'bad_proof' })
    })

    test('says why it was refused', async () => {
      const { connection } = await create()
      const stranger = crypto.signer(crypto.generateKey('Ed25519'))
      const head = { origin: ORIGIN, size: 0, root: new Uint8Array(32) }
      const refused = [
        signCheckpoint(crypto, stranger, head),
        signCheckpoint(crypto, signer, { ...head, origin: 'elsewhere.example' }),
        utf8('no checkpoint'),
      ]
      for (const each of refused) expect(await add(connection, 0, each)).toMatchObject({ kind: 'refused' })
    })

    test('gives up when it is told to', async () => {
      const { connection } = await create()
      const body = formatAddCheckpoint({ old_size: 0, proof: [], note: note(5) })
      await expect(connection.addCheckpoint(body, AbortSignal.abort())).rejects.toThrowWithCode(
        'WITNESS_UNAVAILABLE',
      )
    })
  })
}
