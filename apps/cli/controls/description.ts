/** Reads what a company wrote of itself for the drafts. spec/drafts.md (DFT-2). @module */
import { readFile } from 'node:fs/promises'
import { canonicalBytes } from '../../../src/core/json.ts'
import {
  DESCRIPTION_BYTES_MAX,
  descriptionSchema,
} from '../../../src/evidence/companions/drafts/description.ts'
import { PackError } from '../../../src/evidence/errors.ts'
import { unreadable } from '../profile.ts'
import { misfits, parseYaml } from './yaml.ts'

/** As a pack holds it. @throws {CliError} `FILE_UNREADABLE` @throws {PackError} `PACK_DESCRIPTION_INVALID` */
export async function readDescriptionFile(path: string): Promise<Uint8Array> {
  return parseDescription(await textOf(path), path)
}

/** As a pack holds it. @param name to tell the reader @throws {PackError} `PACK_DESCRIPTION_INVALID` */
export function parseDescription(text: string, name: string): Uint8Array {
  if (text.length > DESCRIPTION_BYTES_MAX)
    throw new PackError('PACK_DESCRIPTION_INVALID', `${name} has more than ${DESCRIPTION_BYTES_MAX} bytes`)
  const parsed = descriptionSchema.safeParse(parseYaml(text, name, 'PACK_DESCRIPTION_INVALID') ?? {})
  if (!parsed.success) throw new PackError('PACK_DESCRIPTION_INVALID', `${name}: ${misfits(parsed.error)}`)
  return canonicalBytes(parsed.data)
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}
