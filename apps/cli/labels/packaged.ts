/**
 * Labels that come with Countersign, for tools of MCP servers that everybody has. Each is of one definition, by its hash:
 * a server of another version is labelled by its own people. spec/labels.md (LBL-8).
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { labelFileSchema } from '../../../src/registry/label-file.ts'

const FOLDER = join(import.meta.dirname, 'packaged')

const tool = labelFileSchema.shape.tools.element.omit({ server: true }).extend({
  definition_hash: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
})
const packagedSchema = z.strictObject({
  v: z.literal(1),
  /** npm's name of the server, and the version whose definitions they are. */
  package: z.string(),
  version: z.string(),
  tools: z.array(tool),
})
export type Packaged = z.infer<typeof packagedSchema>

/** Those that come with this version, by server. */
export async function packagedLabels(): Promise<Packaged[]> {
  const files = (await readdir(FOLDER)).sort()
  return Promise.all(
    files.map(async (name) => packagedSchema.parse(JSON.parse(await readFile(join(FOLDER, name), 'utf8')))),
  )
}
