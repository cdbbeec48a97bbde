/** Writes the catalogue of controls as OSCAL, without a pack. spec/controls.md (CTL-8). @module */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { canonicalBytes } from '../../../src/core/json.ts'
import type { Catalogue } from '../../../src/evidence/controls/schema.ts'
import { oscalCatalog, oscalComponent } from '../../../src/evidence/oscal/catalog.ts'
import { catalogueParts, prop } from '../../../src/evidence/oscal/parts.ts'
import { GENERATOR } from '../../../src/evidence/pack/manifest.ts'
import { unwritable } from '../profile.ts'

/** Over files of these names that are there. @returns their paths @throws {CliError} `FILE_UNWRITABLE` */
export async function exportOscal(folder: string, catalogue: Catalogue, now_ms: number): Promise<string[]> {
  const parts = catalogueParts(nodeCrypto, catalogue, {
    simulated: false,
    version: GENERATOR,
    modified_ms: now_ms,
    props: [prop('generator', GENERATOR)],
  })
  const source = { catalogue, generator: GENERATOR }
  const files = {
    'catalog.json': oscalCatalog(parts, source),
    'component-definition.json': oscalComponent(parts, source),
  }
  try {
    await mkdir(folder, { recursive: true })
    for (const [name, document] of Object.entries(files))
      await writeFile(join(folder, name), canonicalBytes(document))
  } catch (cause) {
    throw unwritable(folder, cause)
  }
  return Object.keys(files).map((name) => join(folder, name))
}
