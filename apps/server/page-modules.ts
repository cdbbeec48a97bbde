/**
 * Modules of this repository for a browser, as they are: types are taken out and nothing is bundled. spec/carriers.md
 * (CAR-11).
 * Invariant: what is served is what the entry reaches by its imports, found once; no path of a request is looked up on
 * the disk.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)
/** zod brings its messages in sixty languages, which nobody here sees. */
const REPLACED: Readonly<Record<string, string>> = {
  'zod/v4/locales/index.js': "export { default as en } from './en.js'\n",
}
/** A specifier of an import or export that is left when types are gone. */
const IMPORTED = /^\s*(?:import|export)\b(?:[^'"]*?\bfrom)?\s*(['"])([^'"]+)\1/gm

/**
 * @param entry from the root of the repository, as the sources have it
 * @param prefix under which they are served
 * @returns their text by path, as `src/core/json.ts`
 */
export function pageModules(entry: string, prefix: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  const waiting = [sourceOf(new URL(entry, ROOT))]
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    const path = pathOf(url)
    if (texts.has(path)) continue
    const own = url
    const text = (REPLACED[path] ?? javascriptOf(url)).replaceAll(
      IMPORTED,
      (statement: string, quote: string, specifier: string) => {
        const target = resolved(specifier, own)
        waiting.push(target)
        return statement.replace(`${quote}${specifier}${quote}`, `${quote}${prefix}${pathOf(target)}${quote}`)
      },
    )
    texts.set(path, text)
  }
  return texts
}

function resolved(specifier: string, from: URL): URL {
  if (specifier.startsWith('.')) return sourceOf(new URL(specifier, from))
  return new URL(import.meta.resolve(specifier))
}

/** In a published package the sources are compiled. */
function sourceOf(url: URL): URL {
  return existsSync(url) ? url : new URL(url.href.replace(/\.ts$/, '.js'))
}

function pathOf(url: URL): string {
  const { href } = url
  if (href.includes('/node_modules/'))
    return href.slice(href.lastIndexOf('/node_modules/') + '/node_modules/'.length)
  return href.slice(ROOT.href.length)
}

function javascriptOf(url: URL): string {
  const text = readFileSync(fileURLToPath(url), 'utf8')
  return url.pathname.endsWith('.ts') ? quietly(() => stripTypeScriptTypes(text)) : text
}

/** Node says once that stripping types by a call is experimental. It strips those of every file here all the same. */
function quietly<T>(work: () => T): T {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}
