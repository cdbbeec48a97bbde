/** Policy templates that come with Countersign: read, filled in and written. spec/drafts.md (DFT-8, DFT-9). @module */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliError } from './output.ts'
import { unwritable } from './profile.ts'

const PACKAGED = fileURLToPath(new URL('../../src/evidence/policies/', import.meta.url))
const PLACEHOLDER = /\{\{([A-Z][A-Z_]*)\}\}/g

export interface PolicyTemplate {
  readonly name: string
  readonly title: string
  /** Whose evidence its rules name. */
  readonly controls: readonly string[]
  /** What a company fills in, in the order in which it comes. */
  readonly placeholders: readonly string[]
  /** Markdown. */
  readonly text: string
}

export async function policyTemplates(): Promise<PolicyTemplate[]> {
  const files = (await readdir(PACKAGED)).filter((file) => file.endsWith('.md')).sort()
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(PACKAGED, file), 'utf8')
      const controls = [...text.matchAll(/\[(CSN-[A-Z]+-\d+)\]/g)].map(([, id]) => id ?? '')
      const title = /^# (.*)$/m.exec(text)?.[1] ?? ''
      const name = basename(file, '.md')
      return {
        name,
        title,
        controls: [...new Set(controls)].sort(),
        placeholders: placeholdersIn(text),
        text,
      }
    }),
  )
}

/** @throws {CliError} `ARGUMENT_INVALID`: none of that name */
export async function policyTemplate(name: string): Promise<PolicyTemplate> {
  const found = (await policyTemplates()).find((template) => template.name === name)
  if (found === undefined)
    throw new CliError(
      'ARGUMENT_INVALID',
      `no policy template ${name}: see "countersign policy template list"`,
    )
  return found
}

export function placeholdersIn(text: string): string[] {
  return [...new Set([...text.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ''))]
}

/** What is not given stays a placeholder. */
export function filled(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(PLACEHOLDER, (whole, name: string) => values.get(name) ?? whole)
}

/** Never over a file that is there: somebody may have edited it. @throws {CliError} `FILE_UNWRITABLE` */
export async function writePolicies(
  folder: string,
  templates: readonly PolicyTemplate[],
  values: ReadonlyMap<string, string>,
): Promise<string[]> {
  const written: string[] = []
  for (const { name, text } of templates) {
    const path = join(folder, `${name}.md`)
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(path, filled(text, values), { flag: 'wx' })
    } catch (cause) {
      throw unwritable(path, cause)
    }
    written.push(path)
  }
  return written
}
