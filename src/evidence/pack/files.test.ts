/** Files that are packed while others are read. spec/pack.md */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../core/encoding.ts'
import type { Codec } from '../../ports/codec.ts'
import { readArchive } from './archive.ts'
import { fflateCodec } from './codec.ts'
import { WrittenFiles } from './files.ts'
import { MemoryFile } from './zip.ts'

/** The first it takes is the last it is done with. */
function backwards(): Codec {
  let left_ms = 40
  return {
    ...fflateCodec,
    deflate: async (parts) => {
      left_ms = Math.max(0, left_ms - 10)
      await pause(left_ms)
      return fflateCodec.deflate(parts)
    },
  }
}

test('stand in the order of their names, and all can be had once they are written', async () => {
  const file = new MemoryFile()
  const files = new WrittenFiles(nodeCrypto, file, backwards())
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) await files.addRead(name, () => Promise.resolve(utf8(`this is ${name}`)))
  expect(files.get('d')).toBeUndefined()
  // Read again before it is written: once in the pack.
  expect(await files.addRead('d', () => Promise.reject(new Error('read twice')))).toEqual(utf8('this is d'))
  await files.written()
  for (const name of names) expect(files.get(name)).toEqual(utf8(`this is ${name}`))
  files.finish()
  expect([...readArchive(file.bytes)].map(([name]) => name)).toEqual(names)
})
