/**
 * What was last found of handles, for as long as nothing is revoked: a decision asks for a dozen of a chain, and hashing
 * them anew each time would cost more than all the rest of it. spec/revocation.md (REV-3, REV-10).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { markOf, toolVersion, type NamedHandle } from './marks.ts'

/** Handles of a chain: as kept as an array, or otherwise. */
export interface Handles {
  some(test: (handle: NamedHandle) => boolean): boolean
}

/** Tool versions that are remembered. Their names are those that tool servers list. */
const TOOLS_MAX = 4_096

interface Found {
  /** One after the other, as text of one byte a character: a small array of bytes would take three times the memory. */
  readonly marks: string
  at: number
  isRevoked: boolean
}

export class RevocationMemo {
  readonly #crypto: Crypto
  readonly #hasAny: (marks: Uint8Array) => boolean
  readonly #chains = new WeakMap<Handles, Found>()
  /** By server, then tool: the definition that was asked for last. */
  readonly #tools = new Map<string, Map<string, Found & { definition_hash: string }>>()
  #toolCount = 0
  /** How often something that may be revoked was heard of. */
  #news = 0

  /** @param hasAny whether one of several marks is revoked */
  constructor(crypto: Crypto, hasAny: (marks: Uint8Array) => boolean) {
    this.#crypto = crypto
    this.#hasAny = hasAny
  }

  /** Something changed: what was found is looked up again. */
  forget(): void {
    this.#news++
  }

  isRevoked(handle: NamedHandle): boolean {
    return this.#hasAny(markOf(this.#crypto, handle))
  }

  isAnyRevoked(handles: Handles): boolean {
    let found = this.#chains.get(handles)
    if (found === undefined) {
      const marks: Uint8Array[] = []
      handles.some((handle) => {
        marks.push(markOf(this.#crypto, handle))
        return false
      })
      found = { marks: Buffer.concat(marks).toString('latin1'), at: -1, isRevoked: false }
      this.#chains.set(handles, found)
    }
    return this.#lookUp(found)
  }

  isToolRevoked(server: string, tool: string, definition_hash: string): boolean {
    let found = this.#tools.get(server)?.get(tool)
    if (found?.definition_hash !== definition_hash) found = this.#rememberTool(server, tool, definition_hash)
    return this.#lookUp(found)
  }

  #lookUp(found: Found): boolean {
    if (found.at !== this.#news) {
      found.isRevoked = this.#hasAny(Buffer.from(found.marks, 'latin1'))
      found.at = this.#news
    }
    return found.isRevoked
  }

  #rememberTool(
    server: string,
    tool: string,
    definition_hash: string,
  ): Found & { readonly definition_hash: string } {
    if (this.#toolCount++ >= TOOLS_MAX) {
      this.#tools.clear()
      this.#toolCount = 0
    }
    const handle = toolVersion(this.#crypto, server, tool, definition_hash)
    const mark = markOf(this.#crypto, { kind: 'tool', handle })
    const found = {
      definition_hash,
      marks: Buffer.from(mark).toString('latin1'),
      at: -1,
      isRevoked: false,
    }
    const tools = this.#tools.get(server) ?? new Map<string, typeof found>()
    this.#tools.set(server, tools.set(tool, found))
    return found
  }
}
