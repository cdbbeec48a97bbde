/**
 * Reads control files: those that come with Countersign, and a company's own. spec/controls.md (CTL-1, CTL-6).
 * @module
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assembleCatalogue, type NamedFile } from '../../../src/evidence/controls/catalogue.ts'
import { controlFileSchema, type Catalogue } from '../../../src/evidence/controls/schema.ts'
import { PackError } from '../../../src/evidence/errors.ts'
import { misfits, parseYaml } from './yaml.ts'

const PACKAGED = fileURLToPath(new URL('../../../src/evidence/controls/', import.meta.url))
/** Of one file. */
const FILE_BYTES_MAX = 1024 * 1024
/** In one folder. */
const FILES_MAX = 256

/** @param folder a company's own files, beside those that come with Countersign @throws {PackError} `CONTROLS_INVALID` */
export async function readControls(folder: string | null = null): Promise<Catalogue> {
  const own = folder === null ? [] : await filesIn(folder)
  return assembleCatalogue([...(await filesIn(PACKAGED)), ...own])
}

async function filesIn(folder: string): Promise<NamedFile[]> {
  const names = (await listed(folder)).filter((name) => /\.ya?ml$/.test(name)).sort()
  if (names.length === 0) throw invalid(`${folder} has no file that ends in .yaml`)
  if (names.length > FILES_MAX) throw invalid(`${folder} has more than ${FILES_MAX} files`)
  return Promise.all(names.map(async (name) => ({ name, file: await readOne(join(folder, name), name) })))
}

async function listed(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    throw new PackError('CONTROLS_INVALID', `the folder ${folder} cannot be read`, { cause })
  }
}

async function readOne(path: string, name: string): Promise<NamedFile['file']> {
  if ((await stat(path)).size > FILE_BYTES_MAX) throw invalid(`${name} has more than ${FILE_BYTES_MAX} bytes`)
  return parseControlFile(await readFile(path, 'utf8'), name)
}

/** @param name to tell the reader @throws {PackError} `CONTROLS_INVALID`: with the line */
export function parseControlFile(text: string, name: string): NamedFile['file'] {
  const parsed = controlFileSchema.safeParse(parseYaml(text, name, 'CONTROLS_INVALID') ?? {})
  if (!parsed.success) throw invalid(`${name}: ${misfits(parsed.error)}`)
  return parsed.data
}

function invalid(message: string): PackError {
  return new PackError('CONTROLS_INVALID', message)
}
