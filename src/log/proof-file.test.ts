import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64, fromUtf8, utf8 } from '../core/encoding.ts'
import { signCheckpoint } from './checkpoint.ts'
import { inclusionProof, leafHash, rootOf, type NodeReader } from './merkle.ts'
import { formatVkey, noteKey } from './note.ts'
import { EXTRA_BYTES_MAX, formatProof, parseProof, verifyProof } from './proof-file.ts'

const ORIGIN = 'log.example/proofs'
const ENTRIES = Array.from({ length: 77 }, (_, i) => utf8(`entry ${i}`))
const LEAVES = ENTRIES.map((entry) => leafHash(crypto, entry))
const nodes: NodeReader = (level, index) =>
  rootOf(crypto, LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level))
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))

function note(size: number): Uint8Array {
  return signCheckpoint(crypto, signer, { origin: ORIGIN, size, root: rootOf(crypto, LEAVES.slice(0, size)) })
}

async function fileOf(index: number, size: number, extra?: Uint8Array): Promise<Uint8Array> {
  const proof = await inclusionProof(crypto, nodes, index, size)
  return formatProof({ index, proof, checkpoint: note(size), ...(extra ? { extra } : {}) })
}

describe('a tlog-proof', () => {
  test('is the text that C2SP describes', async () => {
    const proof = await inclusionProof(crypto, nodes, 2, 3)
    expect(fromUtf8(await fileOf(2, 3, utf8('opening')))).toBe(
      `c2sp.org/tlog-proof@v1\nextra b3BlbmluZw==\nindex 2\n${base64(proof[0]!)}\n\n${fromUtf8(note(3))}`,
    )
    expect(fromUtf8(await fileOf(0, 1))).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${fromUtf8(note(1))}`)
  })

  test('proves its entry under the key of the log, for every entry of every size', async () => {
    const point = fc
      .tuple(fc.integer({ min: 1, max: ENTRIES.length }), fc.nat())
      .map(([size, at]) => ({ size, index: at % size }))
    await fc.assert(
      fc.asyncProperty(point, fc.option(fc.uint8Array(), { nil: undefined }), async (at, extra) => {
        const file = await fileOf(at.index, at.size, extra)
        const proven = verifyProof(crypto, file, ENTRIES[at.index]!, vkey)
        expect(proven).toMatchObject({ index: at.index, checkpoint: { origin: ORIGIN, size: at.size } })
        expect(proven.extra).toEqual(extra)
        expect(fromUtf8(proven.note)).toBe(fromUtf8(note(at.size)))
      }),
    )
  })

  test('keeps the cosignatures of its checkpoint', async () => {
    const cosigned = utf8(`${fromUtf8(note(5))}— witness.example/w AAAAAAAAAABkGFDL\n`)
    const proof = await inclusionProof(crypto, nodes, 4, 5)
    const file = formatProof({ index: 4, proof, checkpoint: cosigned })
    expect(fromUtf8(verifyProof(crypto, file, ENTRIES[4]!, vkey).note)).toBe(fromUtf8(cosigned))
  })

  test('proves no other entry, under no other index and no other key', async () => {
    const file = fromUtf8(await fileOf(30, 77))
    const refused = (code: string, text: string, entry = ENTRIES[30]!, key = vkey): void =>
      expect(() => verifyProof(crypto, utf8(text), entry, key)).toThrowWithCode(code)
    refused('PROOF_INVALID', file, ENTRIES[31])
    refused('PROOF_INVALID', file.replace('index 30', 'index 31'))
    refused('PROOF_INVALID', file.replace('index 30', 'index 77'))
    refused('PROOF_INVALID', file.replace(/\n[^\n]+\n\n/, '\n\n'))
    refused('NOTE_INVALID', file.replace('\n77\n', '\n76\n'))
    const other = crypto.signer(crypto.generateKey('Ed25519'))
    refused('NOTE_INVALID', file, ENTRIES[30], formatVkey(noteKey(crypto, ORIGIN, other.publicJwk)))
  })

  const [hash, tail] = [base64(LEAVES[0]!), `\n\n${fromUtf8(note(2))}`]
  const head = 'c2sp.org/tlog-proof@v1\n'
  test.each([
    ['nothing', ''],
    ['another version', `c2sp.org/tlog-proof@v2\nindex 0\n${hash}${tail}`],
    ['no index', `${head}${hash}${tail}`],
    ['an index with a leading zero', `${head}index 00\n${hash}${tail}`],
    ['an index beyond every tree', `${head}index 9999999999999999\n${hash}${tail}`],
    ['the extra data behind the index', `${head}index 0\nextra YQ==\n${hash}${tail}`],
    ['extra data twice', `${head}extra YQ==\nextra YQ==\nindex 0\n${hash}${tail}`],
    ['extra data that is not canonical base64', `${head}extra YR==\nindex 0\n${hash}${tail}`],
    ['a hash that is too short', `${head}index 0\nYQ==${tail}`],
    ['a hash in the alphabet of URLs', `${head}index 0\n${'_'.repeat(43)}=${tail}`],
    ['more hashes than any tree needs', `${head}index 0\n${`${hash}\n`.repeat(55).trimEnd()}${tail}`],
    ['line ends of another kind', `${head}index 0\r\n${hash}${tail}`],
    ['no checkpoint', `${head}index 0\n${hash}\n`],
    [
      'more extra data than we read',
      `${head}extra ${'AAAA'.repeat(EXTRA_BYTES_MAX / 3 + 1)}\nindex 0${tail}`,
    ],
  ])('is refused with %s', (_, text) => {
    expect(() => parseProof(utf8(text))).toThrowWithCode('PROOF_INVALID')
  })

  test('is refused when it is not text, and not made of what it cannot carry', async () => {
    expect(() => parseProof(Uint8Array.of(0xff))).toThrowWithCode('PROOF_INVALID')
    const good = { index: 0, proof: [], checkpoint: note(1) }
    for (const bad of [
      { ...good, index: -1 },
      { ...good, index: 0.5 },
      { ...good, proof: [new Uint8Array(31)] },
      { ...good, extra: new Uint8Array(EXTRA_BYTES_MAX + 1) },
    ])
      expect(() => formatProof(bad)).toThrowWithCode('PROOF_INVALID')
  })
})
