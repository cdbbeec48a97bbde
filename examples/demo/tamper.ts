/** Forges packs the way an insider would: with every digest of the manifest made good again. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { hex } from '../../src/core/encoding.ts'
import { readArchive, writeArchive } from '../../src/evidence/pack/archive.ts'
import { MANIFEST_FILE, readManifest } from '../../src/evidence/pack/manifest.ts'
import { encodeBundle, splitBundle } from '../../src/log/tiles.ts'

/** @returns a pack in which one byte of entry `index` is another */
export function changeEntry(pack: Uint8Array, index: number): Uint8Array {
  return forge(pack, index, (entries, at) => {
    const entry = entries[at]
    if (entry === undefined) return entries
    const changed = Uint8Array.from(entry)
    changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1
    return entries.with(at, changed)
  })
}

/** @returns a pack from whose bundle entry `index` is gone */
export function deleteEntry(pack: Uint8Array, index: number): Uint8Array {
  return forge(pack, index, (entries, at) => entries.toSpliced(at, 1))
}

function forge(
  pack: Uint8Array,
  index: number,
  edit: (entries: readonly Uint8Array[], at: number) => readonly Uint8Array[],
): Uint8Array {
  const files = new Map(readArchive(pack))
  const bundle = [...files.keys()].filter((name) => name.startsWith('tile/entries/')).sort()[
    Math.floor(index / 256)
  ]
  const manifestBytes = files.get(MANIFEST_FILE)
  const bytes = bundle === undefined ? undefined : files.get(bundle)
  if (bundle === undefined || bytes === undefined || manifestBytes === undefined)
    throw new Error('no such entry')
  const forged = encodeBundle(edit(splitBundle(bytes).entries, index % 256))
  files.set(bundle, forged)
  const manifest = readManifest(manifestBytes)
  const digests = { ...manifest.files, [bundle]: hex(nodeCrypto.sha256(forged)) }
  files.set(MANIFEST_FILE, canonicalBytes({ ...manifest, files: digests }))
  return writeArchive(files)
}
