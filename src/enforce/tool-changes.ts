/**
 * Tells the control plane of definitions that servers list for tools that are pinned to others. spec/mcp.md (MCP-13).
 * Once for each; one that could not be told is told again when it is listed again.
 * @module
 */
import type { ControlPlane, ToolChange } from '../ports/control-plane.ts'

/** Remembered as told. Past them, everything is told once more: the control plane knows what it has. */
const TOLD_MAX = 4096
/** On their way at once: a server that changes a thousand tools is no reason for a thousand requests. */
const UNDER_WAY_MAX = 4

export class ToolChanges {
  readonly #control: Pick<ControlPlane, 'toolChanged'>
  readonly #onFault: (error: unknown) => void
  readonly #told = new Set<string>()
  #under_way = 0

  constructor(control: Pick<ControlPlane, 'toolChanged'>, onFault: (error: unknown) => void) {
    this.#control = control
    this.#onFault = onFault
  }

  /** As often as it is listed. */
  readonly note = (change: ToolChange): void => {
    const key = `${change.server}\n${change.tool}\n${change.definition_hash}`
    if (this.#told.has(key) || this.#under_way >= UNDER_WAY_MAX) return
    if (this.#told.size >= TOLD_MAX) this.#told.clear()
    this.#told.add(key)
    this.#under_way++
    this.#control
      .toolChanged(change)
      .catch((error: unknown) => {
        this.#told.delete(key)
        this.#onFault(error)
      })
      .finally(() => this.#under_way--)
  }
}
