/**
 * Statements as files in the folder beside the enrolment file: whoever can write there, by whatever way, reaches the
 * point. spec/kill.md (KIL-12). Looked at every 500 ms; the acknowledgement is written beside the file.
 * @module
 */
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../../src/adapters/fs/files.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { parseJson } from '../../src/core/json.ts'
import { STATEMENT_BYTES_MAX, type KillDesk } from '../../src/enforce/kill-desk.ts'
import { statementSchema, type Statement } from '../../src/revoke/statement.ts'

/** KIL-12. */
const LOOK_EVERY_MS = 500
/** A file that did not hold may hold later: a lift before its roster. */
const AGAIN_MS = 5_000
/** Files that are looked at. Whoever fills the folder with more holds up nobody but themselves. */
const FILES_MAX = 256

export interface StatementFolder {
  close(): Promise<void>
}

/** @param point its identifier: several points may share a folder, and each acknowledges for itself */
export function watchStatements(
  folder: string,
  point: string,
  desk: KillDesk,
  onFault: (error: unknown) => void,
): StatementFolder {
  const looked = new Looked()
  let running: Promise<void> | null = null
  const look = (): void => {
    running ??= lookAt(folder, point, desk, looked)
      .catch(onFault)
      .finally(() => {
        running = null
      })
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()
  look()
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}

/** Which files are done with, as they were then. */
class Looked {
  readonly #of = new Map<string, { readonly version: string; readonly again: number }>()

  isDone(name: string, version: string): boolean {
    const known = this.#of.get(name)
    return known?.version === version && performance.now() < known.again
  }

  done(name: string, version: string, again = Infinity): void {
    if (this.#of.size > 4 * FILES_MAX) this.#of.clear()
    this.#of.set(name, { version, again })
  }
}

/** Kills first, and what others rest on before them. */
const ORDER = ['kill', 'frame_key', 'roster', 'lift', 'probe'] as const

interface Found {
  readonly name: string
  readonly version: string
  readonly statement: Statement
}

async function lookAt(folder: string, point: string, desk: KillDesk, looked: Looked): Promise<void> {
  const found: Found[] = []
  for (const name of await names(folder)) {
    const one = await read(folder, name, looked)
    if (one !== null) found.push(one)
  }
  found.sort((a, b) => rank(a.statement) - rank(b.statement))
  for (const { name, version, statement } of found) {
    const { ack } = await desk.take(statement, 'file')
    if (ack === null) looked.done(name, version, performance.now() + AGAIN_MS)
    else {
      const path = join(folder, `${name.slice(0, -'.json'.length)}.${point}.ack`)
      await replaceFile(path, utf8(`${JSON.stringify(ack)}\n`), { file: 0o644, dir: 0o700 })
      looked.done(name, version)
    }
  }
}

function rank(statement: Statement): number {
  return ORDER.findIndex((kind) => kind in statement)
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .slice(0, FILES_MAX)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw cause
  }
}

/** Null: done with, no statement, or going away while we look. A file that is being written is whole the next time. */
async function read(folder: string, name: string, looked: Looked): Promise<Found | null> {
  try {
    const stat = await lstat(join(folder, name))
    const version = `${stat.mtimeMs} ${stat.size}`
    if (!stat.isFile() || stat.size > STATEMENT_BYTES_MAX || looked.isDone(name, version)) return null
    const bytes = await readFile(join(folder, name))
    const json = parsedOrNull(bytes)
    if (json !== null) return { name, version, statement: json }
    looked.done(name, version, performance.now() + AGAIN_MS)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
  }
  return null
}

function parsedOrNull(bytes: Uint8Array): Statement | null {
  try {
    return statementSchema.parse(parseJson(bytes, { bytes_max: STATEMENT_BYTES_MAX, depth_max: 16 }))
  } catch {
    return null
  }
}
