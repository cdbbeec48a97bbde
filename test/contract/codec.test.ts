/** Every codec: what one packs the other unpacks, and neither takes what is none. */
import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { inflateInStream } from '../../src/adapters/web-streams/inflate.ts'
import { openPack } from '../../src/evidence/pack/archive.ts'
import { fflateCodec } from '../../src/evidence/pack/codec.ts'
import { MemoryFile, ZipWriter } from '../../src/evidence/pack/zip.ts'
import { concat, equalBytes, hex } from '../../src/core/encoding.ts'
import type { Codec } from '../../src/ports/codec.ts'

const codecs: readonly (readonly [string, Codec, Codec])[] = [
  ['zlib', nodeZlib, fflateCodec],
  ['fflate', fflateCodec, nodeZlib],
  ['streams', { ...fflateCodec, inflate: inflateInStream }, nodeZlib],
]
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .tuple(fc.uint8Array({ maxLength: 20 }), fc.nat({ max: 4000 }))
    .map(([one, n]) => concat(...Array.from({ length: n }, () => one))),
)
const python = spawnSync('python3', ['--version']).status === 0

describe.each(codecs)('%s', (_, codec, other) => {
  test('packs what both unpack, in one part or in many', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (parts) => {
        const whole = concat(...parts)
        for (const given of [[whole], parts]) {
          const packed = concat(...(await codec.deflate(given)))
          for (const reader of [codec, other]) {
            expect(reader.inflateSync(packed, whole.length)).toEqual(whole)
            expect(await reader.inflate(packed, whole.length)).toEqual(whole)
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  test('packs runs of zeros with little between them, as pruned bundles are', async () => {
    for (let n = 100; n < 3000; n += 137) {
      const bytes = new Uint8Array(n)
      for (let at = 0; at + 40 < n; at += 211) bytes.fill(65 + (at % 20), at, at + 30)
      for (let at = 3; at < n; at += 97) bytes[at] = at & 255
      const packed = concat(...(await codec.deflate([bytes])))
      for (const reader of [codec, other]) expect(reader.inflateSync(packed, n)).toEqual(bytes)
    }
  })

  test('unpacks no more than is claimed', async () => {
    const packed = concat(...(await codec.deflate([new Uint8Array(100_000)])))
    for (const size of [0, 1, 99_999]) {
      expect(codec.inflateSync(packed, size)).toBeNull()
      expect(await codec.inflate(packed, size)).toBeNull()
    }
  })

  test('unpacks exactly what is claimed, however much is packed', async () => {
    // Random, so that it packs to as much: below and above what is unpacked in one go.
    for (const n of [0, 1, 300, 200_000, 300_000]) {
      const whole = new Uint8Array(n)
      for (let at = 0; at < n; at += 65_536) crypto.getRandomValues(whole.subarray(at, at + 65_536))
      const packed = concat(...(await codec.deflate([whole])))
      for (const reader of [codec, other]) {
        expect(equalBytes(reader.inflateSync(packed, n) ?? Uint8Array.of(1), whole)).toBe(true)
        expect(equalBytes((await reader.inflate(packed, n)) ?? Uint8Array.of(1), whole)).toBe(true)
        if (n === 0) continue
        expect(reader.inflateSync(packed, n - 1)).toBeNull()
        expect(reader.inflateSync(packed.subarray(0, packed.length - 2), n)?.length ?? 0).toBeLessThan(n)
      }
    }
  })

  test('unpacks nothing that is no deflate stream', async () => {
    for (const packed of [Uint8Array.of(7, 255, 255), new Uint8Array(50).fill(0xff)]) {
      expect(codec.inflateSync(packed, 1000)).toBeNull()
      expect(await codec.inflate(packed, 1000)).toBeNull()
    }
  })

  test('sums as the other does, in one go and in two', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (all, at) => {
        const cut = all.length === 0 ? 0 : at % all.length
        const sum = other.crc32(all, 0)
        expect(codec.crc32(all, 0)).toBe(sum)
        expect(codec.crc32(all.subarray(cut), codec.crc32(all.subarray(0, cut), 0))).toBe(sum)
      }),
    )
    expect(
      hex(
        Uint8Array.of(
          ...[24, 16, 8, 0].map((shift) => codec.crc32(new TextEncoder().encode('123456789'), 0) >>> shift),
        ),
      ),
    ).toBe('cbf43926')
  })

  test(`writes an archive that is read as it was written, by Python too${python ? '' : ' (Python skipped: no python3)'}`, async () => {
    const file = new MemoryFile()
    const zip = new ZipWriter(file, codec)
    const files = { b: [Uint8Array.of(1, 2)], 'a/c': [new Uint8Array(5000), Uint8Array.of(3)], e: [] }
    for (const [name, parts] of Object.entries(files)) await zip.add(name, parts)
    expect([...(zip.read('a/c') ?? [])].length).toBe(5001)
    zip.finish()
    const archive = openPack(file.bytes, other)
    for (const [name, parts] of Object.entries(files))
      expect(await archive.read(name)).toEqual(concat(...parts))
    if (!python) return
    const script =
      'import sys, io, zipfile; z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())); print(z.testzip(), z.namelist())'
    const said = execFileSync('python3', ['-c', script], { input: file.bytes }).toString().trim()
    expect(said).toBe("None ['a/c', 'b', 'e']")
  })
})
