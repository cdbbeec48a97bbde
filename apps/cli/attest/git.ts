/**
 * What `countersign attest` asks of git, each a process of its own. spec/carriers.md (CAR-5, CAR-6, CAR-15 to CAR-17).
 * Invariant: objects are read as they were pushed: no replacement that somebody pushed beside them is believed.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { NOTES_REF, type PushedTo } from '../../../src/provenance/carriers/push.ts'
import { CliError } from '../output.ts'

/** Of one answer of git, in bytes: a group of objects, or the list of every note. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024
/** Bytes of objects that are asked for at once. */
const GROUP_BYTES = 16 * 1024 * 1024

/** Of one process of git, in milliseconds: who pushes waits for it, and holds a process of the server. */
const PROCESS_MS_MAX = 60_000

/** Symbolic refs that lead to one another: git follows no more. */
const ALIASES_MAX = 5

export class Git implements PushedTo {
  readonly #folder: string
  readonly #timeout_ms: number

  constructor(folder: string, timeout_ms = PROCESS_MS_MAX) {
    this.#folder = folder
    this.#timeout_ms = timeout_ms
  }

  /** @throws {CliError} `GIT_FAILED` */
  run(args: readonly string[], input?: string | Uint8Array): Buffer {
    try {
      return execFileSync('git', [...args], {
        cwd: this.#folder,
        env: { ...process.env, GIT_NO_REPLACE_OBJECTS: '1', GIT_TERMINAL_PROMPT: '0' },
        maxBuffer: ANSWER_BYTES_MAX,
        timeout: this.#timeout_ms,
        killSignal: 'SIGKILL',
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        ...(input === undefined ? {} : { input }),
      })
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : null
      const why =
        code === 'ETIMEDOUT'
          ? `took over ${this.#timeout_ms / 1000} s and was stopped`
          : `${code === 'ENOENT' ? 'is not installed' : 'failed'}: run this within the repository`
      throw new CliError('GIT_FAILED', `git ${args[0] ?? ''} ${why}`, { cause })
    }
  }

  text(args: readonly string[], input?: string): string {
    return this.run(args, input).toString('utf8').trimEnd()
  }

  /** Of a name that a person gave. @throws {CliError} `GIT_FAILED` */
  resolve(revision: string): string {
    return this.text(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])
  }

  refs(): ReadonlyMap<string, string> {
    const lines = linesOf(this.text(['for-each-ref', '--format=%(objectname) %(refname)']))
    return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]))
  }

  leadsTo(name: string): string {
    let last = name
    for (let i = 0; i <= ALIASES_MAX; i++) {
      const next = this.#symbolic(last)
      if (next === null) return last
      last = next
    }
    throw new CliError('GIT_FAILED', 'symbolic refs lead to one another: nobody can say which ref would move')
  }

  /** Also of one that leads to a ref which is not there: a push makes it. Listings of refs leave those out. */
  #symbolic(name: string): string | null {
    try {
      return this.text(['symbolic-ref', '--quiet', name])
    } catch (error) {
      const { cause } = error as Error
      if (cause instanceof Error && 'status' in cause && cause.status === 1) return null
      throw error
    }
  }

  commitOf(id: string): string | null {
    const answer = this.text(['cat-file', '--batch-check=%(objectname) %(objecttype)'], `${id}^{commit}\n`)
    const [name = '', type] = answer.split(' ')
    return type === 'commit' ? name : null
  }

  gained(to: readonly string[], from: readonly string[], max: number): readonly string[] {
    const asked = [...to, ...from.map((id) => `^${id}`), ''].join('\n')
    return linesOf(this.text(['rev-list', `--max-count=${max}`, '--stdin'], asked))
  }

  isAncestor(ancestor: string, of: string): boolean {
    return this.text(['rev-list', '--max-count=1', '--stdin'], `${ancestor}\n^${of}\n`) === ''
  }

  *read(ids: readonly string[], bytes_max: number): Iterable<readonly [string, Uint8Array | null]> {
    const sizes = this.#sizes(ids)
    for (const group of groupsOf(sizes, bytes_max)) {
      const small = group.filter(({ bytes }) => bytes <= bytes_max)
      const answer = small.length === 0 ? Buffer.alloc(0) : this.run(['cat-file', '--batch'], listed(small))
      let at = 0
      for (const { id, bytes } of group) {
        if (bytes > bytes_max) {
          yield [id, null]
          continue
        }
        // A line that names the object, its bytes, a line end.
        const from = answer.indexOf(0x0a, at) + 1
        yield [id, answer.subarray(from, from + bytes)]
        at = from + bytes + 1
      }
    }
  }

  #sizes(ids: readonly string[]): { id: string; bytes: number }[] {
    if (ids.length === 0) return []
    const asked = `${ids.join('\n')}\n`
    return linesOf(this.text(['cat-file', '--batch-check=%(objectname) %(objectsize)'], asked)).map(
      (line) => {
        const [id = '', bytes] = line.split(' ')
        if (!/^\d+$/.test(bytes ?? ''))
          throw new CliError('GIT_FAILED', `git has no object ${id}: fetch it, and run this again`)
        return { id, bytes: Number(bytes) }
      },
    )
  }

  /** Folders in it are git's own way to keep many. */
  notesOf(id: string): ReadonlyMap<string, string> {
    const lines = this.text(['ls-tree', '-r', '-z', '--full-tree', id]).split('\0')
    const found = lines.flatMap((line) => /^\d+ blob ([0-9a-f]+)\t([0-9a-f/]+)$/.exec(line) ?? [])
    const blobs = new Map<string, string>()
    for (let i = 0; i < found.length; i += 3)
      blobs.set((found[i + 2] ?? '').replaceAll('/', ''), found[i + 1] ?? '')
    return blobs
  }

  isCleanMerge(commit: string): boolean {
    const [, ...parents] = this.text(['rev-list', '--no-walk', '--parents', commit]).split(' ')
    const [ours = '', theirs = ''] = parents
    if (parents.length !== 2) return false
    const tree = this.text(['rev-parse', `${commit}^{tree}`])
    try {
      return this.text(['merge-tree', '--write-tree', '--no-messages', ours, theirs]) === tree
    } catch (error) {
      if (error instanceof CliError) return false // a conflict, or no base in common
      throw error
    }
  }

  /** A commit as it is stored, and its note. */
  commit(id: string): { readonly raw: Uint8Array; readonly note: Uint8Array | null } {
    const raw = this.run(['cat-file', 'commit', id])
    const notes = this.refs().get(NOTES_REF)
    const blob = notes === undefined ? undefined : this.notesOf(notes).get(id)
    return { raw, note: blob === undefined ? null : this.run(['cat-file', 'blob', blob]) }
  }
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

function listed(objects: readonly { readonly id: string }[]): string {
  return objects.map(({ id }) => `${id}\n`).join('')
}

function* groupsOf<T extends { readonly bytes: number }>(
  objects: readonly T[],
  bytes_max: number,
): Iterable<T[]> {
  let group: T[] = []
  let sum = 0
  for (const object of objects) {
    const bytes = object.bytes > bytes_max ? 0 : object.bytes
    if (sum + bytes > GROUP_BYTES && group.length > 0) {
      yield group
      group = []
      sum = 0
    }
    group.push(object)
    sum += bytes
  }
  if (group.length > 0) yield group
}
