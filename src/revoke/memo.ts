/**
 * What was last found of handles, for as long as nothing is revoked: a decision asks for a dozen of a chain, and hashing
 * them anew each time would cost more than all the rest of it. spec/revocation.md (REV-3, REV-10).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { STEP_UPS_MAX, stepUpName } from '../core/step-up.ts'
import { markOf, toolVersion, type NamedHandle } from './marks.ts'

/** Handles of a chain: as kept as an array, or otherwise. */
export interface Handles {
  some(test: (handle: NamedHandle) => boolean): boolean
}

/** Tool versions that are remembered. Their names are those that tool servers list. */
const TOOLS_MAX = 4_096
/** Agents of whom it is remembered whether they are overseen. */
const AGENTS_MAX = 65_536
interface Found {
  /** One after the other, as text of one byte a character: a small array of bytes would take three times the memory. */
  readonly marks: string
  at: number
  isRevoked: boolean
}

export class RevocationMemo {
  readonly #crypto: Crypto
  readonly #hasAny: (marks: Uint8Array) => boolean
  readonly #isKnown: (mark: Uint8Array) => boolean
  readonly #chains = new WeakMap<Handles, Found>()
  /** By server, then tool: the definition that was asked for last. */
  readonly #tools = new Map<string, Map<string, Found & { definition_hash: string }>>()
  #toolCount = 0
  readonly #agents = new Map<string, { at: number; isOverseen: boolean }>()
  /** How often something that may be revoked was heard of. */
  #news = 0

  /**
   * @param hasAny whether one of several marks is revoked
   * @param isKnown whether a mark is of a frame that was verified: what loosens anything is
   */
  constructor(
    crypto: Crypto,
    hasAny: (marks: Uint8Array) => boolean,
    isKnown: (mark: Uint8Array) => boolean,
  ) {
    this.#crypto = crypto
    this.#hasAny = hasAny
    this.#isKnown = isKnown
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

  /** ISO-8: whether the last step-up of the agent that began has not ended. */
  isOverseen(agent: string): boolean {
    let found = this.#agents.get(agent)
    if (found === undefined) {
      if (this.#agents.size >= AGENTS_MAX) this.#agents.clear()
      this.#agents.set(agent, (found = { at: -1, isOverseen: false }))
    }
    if (found.at !== this.#news) {
      found.isOverseen = this.#overseen(agent)
      found.at = this.#news
    }
    return found.isOverseen
  }

  #overseen(agent: string): boolean {
    let n = 0
    while (n < STEP_UPS_MAX && this.isRevoked({ kind: 'step_up', handle: stepUpName(agent, n + 1) })) n++
    return n > 0 && !this.#isKnown(markOf(this.#crypto, { kind: 'step_down', handle: stepUpName(agent, n) }))
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
