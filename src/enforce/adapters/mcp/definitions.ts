/**
 * What the server's tools are, by hash of their definition as it lists them: a tool that was changed after it was
 * registered is told apart (`TOOL_CHANGED`). Kept current by listings of our own and by those that pass.
 * @module
 */
import type { Crypto } from '../../../core/crypto.ts'
import { base64url } from '../../../core/encoding.ts'
import { canonicalBytes, isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts'

/** Tools of one server that we keep a hash for. */
export const TOOLS_MAX = 4096
/** Pages of one listing. */
const PAGES_MAX = 256

/** Asks the server for one page. @returns its result, or null for an error */
export type AskForPage = (cursor: string | null) => Promise<JsonObject | null>

/** base64url SHA-256 of the JCS of one entry of `tools/list`. */
export function definitionHash(crypto: Crypto, definition: JsonObject): string {
  return base64url(crypto.sha256(canonicalBytes(definition)))
}

export class ToolDefinitions {
  readonly #crypto: Crypto
  readonly #ask: AskForPage
  readonly #log: (message: string) => void
  /** Null for a name that was listed twice with different definitions. */
  #hashes = new Map<string, string | null>()
  /** As the client was last shown them: a server can tell its listings from ours, and answer them differently. */
  readonly #shown = new Map<string, string | null>()
  #running: Promise<void> | null = null
  #isStale = false
  #isLoaded = false

  constructor(crypto: Crypto, ask: AskForPage, log: (message: string) => void) {
    this.#crypto = crypto
    this.#ask = ask
    this.#log = log
  }

  /** Null when the server has not listed the tool, not unambiguously, or not as the client was shown it. */
  hashOf(tool: string): string | null {
    const hash = this.#hashes.get(tool) ?? null
    const shown = this.#shown.get(tool)
    return shown === undefined || shown === hash ? hash : null
  }

  /** Takes in one page of a listing that the client asked for, and what of it the client is shown. */
  learn(tools: readonly JsonValue[], visible: readonly JsonValue[]): void {
    const page = new Map<string, string | null>()
    for (const tool of tools) this.#note(page, tool)
    for (const tool of visible) {
      if (!isJsonObject(tool) || typeof tool.name !== 'string') continue
      if (this.#shown.has(tool.name) || this.#shown.size < TOOLS_MAX)
        this.#shown.set(tool.name, page.get(tool.name) ?? null)
    }
    for (const [name, hash] of page) {
      if (this.#hashes.has(name) || this.#hashes.size < TOOLS_MAX) this.#hashes.set(name, hash)
    }
  }

  /** Lists everything anew. What is asked while a listing runs makes it run once more. */
  refresh(): void {
    this.#isStale = true
    this.#running ??= this.#refreshUntilFresh()
  }

  /** Resolves once no listing is under way; starts the first one if there was none. Never rejects. */
  async ready(): Promise<void> {
    if (!this.#isLoaded && this.#running === null) this.refresh()
    if (this.#running !== null) await this.#running
  }

  async #refreshUntilFresh(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      this.#hashes = await this.#listAll()
    }
    this.#isLoaded = true
    this.#running = null
  }

  /** A listing that fails leaves every tool unknown: the point decides what that means. */
  async #listAll(): Promise<Map<string, string | null>> {
    const hashes = new Map<string, string | null>()
    let cursor: string | null = null
    for (let page = 0; page < PAGES_MAX; page++) {
      const result = await this.#ask(cursor)
      if (result === null || !Array.isArray(result.tools)) {
        this.#log('the tool server did not list its tools: their definitions are unknown')
        return new Map()
      }
      for (const tool of result.tools as readonly JsonValue[]) this.#note(hashes, tool)
      const { nextCursor } = result
      if (typeof nextCursor !== 'string' || hashes.size >= TOOLS_MAX) break
      cursor = nextCursor
      if (page === PAGES_MAX - 1) this.#log(`only ${PAGES_MAX} pages of the tool listing were read`)
    }
    return hashes
  }

  #note(hashes: Map<string, string | null>, tool: JsonValue): void {
    if (!isJsonObject(tool) || typeof tool.name !== 'string') return
    const known = hashes.get(tool.name)
    if (known === undefined && hashes.size >= TOOLS_MAX) return
    const hash = definitionHash(this.#crypto, tool)
    hashes.set(tool.name, known === undefined || known === hash ? hash : null)
  }
}
