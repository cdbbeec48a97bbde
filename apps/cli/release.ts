/**
 * Which software this is: a hash over its files. spec/pack.md (PCK-8). A reader recomputes it with `sha256sum`.
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { hex, utf8 } from '../../src/core/encoding.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RELEASED = ['apps', 'bin', 'package.json', 'src']

/** Hex SHA-256 over the lines that `sha256sum` prints for the files of {@link RELEASED}, sorted by path. */
export async function releaseHash(root = ROOT): Promise<string> {
  const paths = (await Promise.all(RELEASED.map((name) => filesUnder(root, name)))).flat().sort()
  const line = async (path: string): Promise<string> =>
    `${hex(nodeCrypto.sha256(await readFile(join(root, path))))}  ${path}\n`
  const lines = await Promise.all(paths.map(line))
  return hex(nodeCrypto.sha256(utf8(lines.join(''))))
}

async function filesUnder(root: string, name: string): Promise<string[]> {
  if (name.endsWith('.json')) return [name]
  const found = await readdir(join(root, name), { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
}
