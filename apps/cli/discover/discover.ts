/** Where discovery looks, and what it makes of each file. spec/inventory.md (DSC-1). @module */
import { open, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { itemOfCard } from './agent-card.ts'
import type { Discovered, Skipped, SkipCode } from './found.ts'
import { itemsOfConfig, type Client } from './mcp-config.ts'
import { itemOfManifest, type Manifest } from './packages.ts'

/** Of one file. Claude Code keeps its history in the same one. */
const FILE_BYTES_MAX = 16 * 1024 * 1024
const CARD_BYTES_MAX = 1024 * 1024
const FETCH_MAX_MS = 10_000

export interface Looking {
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly machine: string
  readonly cwd: string
}

type Kind = Client | 'card' | Manifest
interface Candidate {
  readonly path: string
  readonly kind: Kind
}

/** Under a home folder, as each program documents it. */
export function standardPlaces({ home, platform }: Pick<Looking, 'home' | 'platform'>): Candidate[] {
  const config =
    platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : platform === 'win32'
        ? join(home, 'AppData', 'Roaming')
        : join(home, '.config')
  return [
    { path: join(config, 'Claude', 'claude_desktop_config.json'), kind: 'claude-desktop' },
    { path: join(home, '.claude.json'), kind: 'claude-code' },
    { path: join(home, '.cursor', 'mcp.json'), kind: 'cursor' },
    { path: join(config, 'Code', 'User', 'mcp.json'), kind: 'vscode' },
    { path: join(config, 'Code', 'User', 'settings.json'), kind: 'vscode' },
    { path: join(home, '.codex', 'config.toml'), kind: 'codex' },
  ]
}

/** Of a project's folder. */
function projectPlaces(folder: string): Candidate[] {
  return [
    { path: join(folder, '.mcp.json'), kind: 'claude-code' },
    { path: join(folder, '.cursor', 'mcp.json'), kind: 'cursor' },
    { path: join(folder, '.vscode', 'mcp.json'), kind: 'vscode' },
    { path: join(folder, '.codex', 'config.toml'), kind: 'codex' },
    { path: join(folder, '.well-known', 'agent-card.json'), kind: 'card' },
    { path: join(folder, 'package.json'), kind: 'package.json' },
    { path: join(folder, 'pyproject.toml'), kind: 'pyproject.toml' },
    { path: join(folder, 'requirements.txt'), kind: 'requirements.txt' },
  ]
}

/** A file that somebody named. */
function kindOf(path: string): Kind | null {
  const name = basename(path)
  const folder = basename(dirname(path))
  if (name === 'claude_desktop_config.json') return 'claude-desktop'
  if (name === '.claude.json' || name === '.mcp.json') return 'claude-code'
  if (name === 'config.toml') return 'codex'
  if (name === 'package.json' || name === 'pyproject.toml') return name
  if (/^requirements.*\.txt$/.test(name)) return 'requirements.txt'
  if (/^agent(?:-card)?\.json$/.test(name)) return 'card'
  if (name === 'settings.json' || folder === '.vscode') return 'vscode'
  if (folder === '.cursor') return 'cursor'
  return name.endsWith('.json') ? 'mcp' : null
}

/** @param named files, project folders and addresses of agent cards; @param withHome whether to look in the home folder */
export async function discover(
  named: readonly string[],
  looking: Looking,
  withHome: boolean,
): Promise<Discovered> {
  const items: Item[] = []
  const skipped: Skipped[] = []
  const take = async (candidate: Candidate, mayLack: boolean): Promise<void> => {
    const where = shown(candidate.path, looking)
    const read = await readSome(candidate.path, mayLack)
    if (read === null) return
    if ('code' in read) skipped.push({ where, code: read.code })
    else
      try {
        items.push(...itemsOf(candidate, read.text, where, looking))
      } catch {
        // Without the cause: it may quote a secret.
        skipped.push({ where, code: 'CONFIG_INVALID' })
      }
  }
  for (const place of withHome ? standardPlaces(looking) : []) await take(place, true)
  for (const name of named) {
    if (/^https?:\/\//.test(name)) await takeCard(name, items, skipped)
    else if (await isFolder(resolve(looking.cwd, name)))
      for (const place of projectPlaces(resolve(looking.cwd, name))) await take(place, true)
    else {
      const path = resolve(looking.cwd, name)
      const kind = kindOf(path)
      if (kind === null) skipped.push({ where: shown(path, looking), code: 'KIND_UNKNOWN' })
      else await take({ path, kind }, false)
    }
  }
  const once = new Map(items.map((item) => [item.ref, item]))
  return { items: [...once.values()], skipped }
}

function itemsOf({ path, kind }: Candidate, text: string, where: string, { machine }: Looking): Item[] {
  switch (kind) {
    case 'card':
      return [itemOfCard(text, where)]
    case 'package.json':
    case 'pyproject.toml':
    case 'requirements.txt': {
      const item = itemOfManifest(kind, text, where, basename(dirname(path)))
      return item === null ? [] : [item]
    }
    case 'claude-desktop':
    case 'claude-code':
    case 'cursor':
    case 'vscode':
    case 'codex':
    case 'mcp':
      return itemsOfConfig(text, { client: kind, where, machine })
  }
}

/** The home folder is often called after a person: it does not get into the log. */
function shown(path: string, { home, cwd }: Looking): string {
  const from = (base: string, sign: string): string[] => {
    const inside = relative(base, path)
    const isInside = inside !== '' && !inside.startsWith('..') && resolve(base, inside) === path
    return isInside ? [`${sign}/${inside.split(sep).join('/')}`] : []
  }
  const [nearest] = [...from(cwd, '.'), ...from(home, '~')].toSorted((a, b) => a.length - b.length)
  if (nearest !== undefined) return nearest
  return basename(path)
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** @returns null when there is none and none was promised */
async function readSome(
  path: string,
  mayLack: boolean,
): Promise<{ text: string } | { code: SkipCode } | null> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size > FILE_BYTES_MAX) return { code: 'FILE_TOO_LARGE' }
      return { text: (await file.readFile('utf8')).replace(/^\uFEFF/, '') }
    } finally {
      await file.close()
    }
  } catch (error) {
    const isMissing =
      error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return isMissing && mayLack ? null : { code: 'FILE_UNREADABLE' }
  }
}

async function takeCard(address: string, items: Item[], skipped: Skipped[]): Promise<void> {
  const url = URL.parse(address)
  const where = url === null ? 'an address' : `${url.origin}${url.pathname}`
  if (url === null || url.username !== '' || url.password !== '') {
    skipped.push({ where, code: 'URL_REFUSED' })
    return
  }
  if (url.pathname === '/') url.pathname = '/.well-known/agent-card.json'
  try {
    const signal = AbortSignal.timeout(FETCH_MAX_MS)
    // A card that sends somewhere else is not the card of this address.
    const answer = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
    const text = answer.ok ? await bounded(answer) : null
    if (text === null) skipped.push({ where, code: 'URL_REFUSED' })
    else items.push(itemOfCard(text, where))
  } catch (error) {
    const isCard = error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError')
    skipped.push({ where, code: isCard ? 'CONFIG_INVALID' : 'URL_REFUSED' })
  }
}

async function bounded(answer: Response): Promise<string | null> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer.body ?? []) {
    length += part.length
    if (length > CARD_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
