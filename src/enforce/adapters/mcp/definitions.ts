/**
 * What the server's tools are, by hash of their definition as it lists them: a tool that was changed after it was
 * registered is told apart (`TOOL_CHANGED`). Kept current by listings of our own and by those that pass.
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { base64url } from '../../../core/encoding.ts'
import { canonicalBytes, isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'
import type { Clock } from '../../../ports/clock.ts'

/** Tools of one server that we keep a hash for. */
export const TOOLS_MAX = 4096
/** Pages of one listing. */
const PAGES_MAX = 256
/** A server need not say that its tools changed, and under 2026-07-28 may not unless asked to (MCP-15). */
const AGE_MAX_MS = 60_000

/** Asks the server for one page. @returns its result, or null for an error */
export type AskForPage = (cursor: string | null) => Promise<JsonObject | null>

/** base64url SHA-256 of the JCS of one entry of `tools/list`. */
export function definitionHash(crypto: Crypto, definition: JsonObject): string {
  return base64url(crypto.sha256(canonicalBytes(definition)))
}

export interface DefinitionsOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly ask: AskForPage
  /** Told each definition that is listed. Must not throw. */
  readonly onListed: (tool: string, definition_hash: string, definition: JsonObject) => void
  readonly log: (message: string) => void
}

export class ToolDefinitions {
  readonly #o: DefinitionsOptions
  /** Null for a name that was listed twice with different definitions. */
  #hashes = new Map<string, string | null>()
  /** As the client was last shown them: a server can tell its listings from ours, and answer them differently. */
  readonly #shown = new Map<string, string | null>()
  #running: Promise<void> | null = null
  /** Nobody waits for the listing that runs: it was only time for one. */
  #isRoutine = false
  #isStale = false
  #isLoaded = false
  #listed_ms = 0

  constructor(options: DefinitionsOptions) {
    this.#o = options
  }

  /** Null when the server has not listed the tool, not unambiguously, or not as the client was shown it. */
  hashOf(tool: string): string | null {
    const hash = this.#hashes.get(tool) ?? null
    const shown = this.#shown.get(tool)
    return shown === undefined || shown === hash ? hash : null
  }

  /** Of one page of a listing, by name. */
  hashesOf(tools: readonly JsonValue[]): ReadonlyMap<string, string | null> {
    const page = new Map<string, string | null>()
    for (const tool of tools) this.#note(page, tool)
    return page
  }

  /** Takes in one page of a listing that the client asked for, and what of it the client is shown. */
  learn(
    page: ReadonlyMap<string, string | null>,
    tools: readonly JsonValue[],
    isShown: readonly boolean[],
  ): void {
    tools.forEach((tool, at) => {
      if (isShown[at] !== true || !isJsonObject(tool) || typeof tool.name !== 'string') return
      if (this.#shown.has(tool.name) || this.#shown.size < TOOLS_MAX)
        this.#shown.set(tool.name, page.get(tool.name) ?? null)
    })
    for (const [name, hash] of page) {
      if (this.#hashes.has(name) || this.#hashes.size < TOOLS_MAX) this.#hashes.set(name, hash)
    }
  }

  /** Lists everything anew. What is asked while a listing runs makes it run once more. */
  refresh(): void {
    this.#isStale = true
    this.#isRoutine = false
    this.#running ??= this.#refreshUntilFresh()
  }

  /** Resolves once no listing is under way; starts the first one if there was none. Never rejects. */
  async ready(): Promise<void> {
    if (this.#running === null) {
      if (!this.#isLoaded) this.refresh()
      else if (this.#o.clock.monotonic() - this.#listed_ms > AGE_MAX_MS) {
        this.refresh()
        this.#isRoutine = true
      }
    }
    if (this.#running !== null && !this.#isRoutine) await this.#running
  }

  async #refreshUntilFresh(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      this.#hashes = await this.#listAll()
    }
    this.#isLoaded = true
    this.#listed_ms = this.#o.clock.monotonic()
    this.#isRoutine = false
    this.#running = null
  }

  /** A listing that fails leaves every tool unknown: the point decides what that means. */
  async #listAll(): Promise<Map<string, string | null>> {
    const hashes = new Map<string, string | null>()
    let cursor: string | null = null
    for (let page = 0; page < PAGES_MAX; page++) {
      const result = await this.#o.ask(cursor)
      if (result === null || !Array.isArray(result.tools)) {
        this.#o.log('the tool server did not list its tools: their definitions are unknown')
        return new Map()
      }
      for (const tool of result.tools as readonly JsonValue[]) this.#note(hashes, tool)
      const { nextCursor } = result
      if (typeof nextCursor !== 'string' || hashes.size >= TOOLS_MAX) break
      cursor = nextCursor
      if (page === PAGES_MAX - 1) this.#o.log(`only ${PAGES_MAX} pages of the tool listing were read`)
    }
    return hashes
  }

  #note(hashes: Map<string, string | null>, tool: JsonValue): void {
    if (!isJsonObject(tool) || typeof tool.name !== 'string') return
    const known = hashes.get(tool.name)
    if (known === undefined && hashes.size >= TOOLS_MAX) return
    const hash = definitionHash(this.#o.crypto, tool)
    hashes.set(tool.name, known === undefined || known === hash ? hash : null)
    this.#o.onListed(tool.name, hash, tool)
  }
}
