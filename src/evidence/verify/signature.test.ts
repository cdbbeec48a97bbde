/** Whose signature a manifest has, and over what. spec/pack.md (PCK-7). The kinds of forgery are in pack.test.ts. @module */
import { expect, test } from 'vitest'
import { ALICE, LogBuilder } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../core/crypto.ts'
import { base64, fromBase64, hex } from '../../core/encoding.ts'
import { canonicalBytes, parseJson, type JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { envelopeSchema, signEnvelope } from '../../provenance/dsse.ts'
import { readPackStatement, type PackStatement } from '../../provenance/pack-statement.ts'
import { readArchive, writeArchive } from '../pack/archive.ts'
import { verifyPack } from './verify.ts'

const log = new LogBuilder().company()
log.root('bot')
const honest = await log.pack()

const bytesOf = (pack: Uint8Array, name: string): Uint8Array =>
  readArchive(pack).get(name) ?? new Uint8Array()

function statementIn(pack: Uint8Array): PackStatement {
  const { payload } = envelopeSchema.parse(parseJson(bytesOf(pack, 'manifest.dsse')))
  return readPackStatement(fromBase64(payload))
}

/** The pack with another statement in the place of its own, signed all the same. */
function restated(pack: Uint8Array, statement: JsonObject, signer: Signer): Uint8Array {
  const files = new Map(readArchive(pack))
  files.set('manifest.dsse', canonicalBytes(signEnvelope(nodeCrypto, signer, canonicalBytes(statement))))
  return writeArchive(files)
}

async function faultsOf(of: LogBuilder, pack: Uint8Array): Promise<[string, string | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, pack, of.vkey)
  expect(report.integrity).toBe(report.faults.length === 0)
  return report.faults.map(({ code, file }) => [code, file])
}

test('a statement says which manifest of which log it is about, who asked for it, and no time of any clock', async () => {
  const manifest = bytesOf(honest, 'manifest.json')
  const { root } = openCheckpoint(nodeCrypto, bytesOf(honest, 'checkpoint'), log.vkey)
  const { subject, predicate } = statementIn(honest)
  expect(subject).toEqual([{ name: 'manifest.json', digest: { sha256: hex(nodeCrypto.sha256(manifest)) } }])
  expect(predicate).toMatchObject({
    log: { size: log.entries.length, root: base64(root) },
    runner: log.id('per', ALICE),
    time: rfc3339(log.clock.now()),
    zone: 'UTC',
  })
  expect(Buffer.from(await log.pack()).equals(honest)).toBe(true)
})

test.each<[string, (p: PackStatement['predicate']) => object]>([
  ['another log', (p) => ({ ...p, origin: 'log.example/other' })],
  ['another period', (p) => ({ ...p, period: { ...p.period, to: p.period.from } })],
  ['a smaller tree', (p) => ({ ...p, log: { ...p.log, size: p.log.size - 1 } })],
  ['another root', (p) => ({ ...p, log: { ...p.log, root: base64(new Uint8Array(32)) } })],
  ['another generator', (p) => ({ ...p, generator: 'other/1' })],
  ['a runner whom the log does not know', (p) => ({ ...p, runner: 'per_nobody' })],
  ['another time', (p) => ({ ...p, time: '2026-01-01T00:00:00.000Z' })],
])('what is signed over %s is not this pack', async (_, bend) => {
  const statement = statementIn(honest)
  const bent = { ...statement, predicate: bend(statement.predicate) } as unknown as JsonObject
  expect(await faultsOf(log, restated(honest, bent, log.issuer))).toEqual([
    ['MANIFEST_MISMATCH', 'manifest.dsse'],
  ])
})

test('another statement that the issuer signed is not taken for one about a pack', async () => {
  const statement = { ...statementIn(honest), predicateType: 'urn:countersign:attestation:1' }
  const pack = restated(honest, statement, log.issuer)
  expect(await faultsOf(log, pack)).toEqual([['MANIFEST_UNSIGNED', 'manifest.dsse']])
})

test('an envelope that is no envelope is named', async () => {
  const files = new Map(readArchive(honest))
  for (const text of ['{}', 'not JSON', '{"payload":"e30=","payloadType":"text/plain","signatures":[]}']) {
    files.set('manifest.dsse', Buffer.from(text))
    expect(await faultsOf(log, writeArchive(files))).toEqual([['MANIFEST_FORGED', 'manifest.dsse']])
  }
})

test('after a rotation the key before it signs nothing more', async () => {
  const rotated = new LogBuilder('rotated').company()
  const before = rotated.issuer
  rotated.rotate('second')
  const pack = await rotated.pack()
  expect(await faultsOf(rotated, pack)).toEqual([])
  const statement = statementIn(pack) as unknown as JsonObject
  expect(await faultsOf(rotated, restated(pack, statement, before))).toEqual([
    ['MANIFEST_SIGNER_INVALID', 'manifest.dsse'],
  ])
})
