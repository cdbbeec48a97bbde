/**
 * An enforcement point as one HTTP client has it: what its transport proved stands in where a request proves nothing
 * itself. spec/gateway.md (GWR-5).
 * @module
 */
import type { JsonObject } from '../../../core/json.ts'
import type { Reason } from '../../../decide/reasons.ts'
import type {
  Act,
  CallHooks,
  CallOutcome,
  CallRequest,
  Challenge,
  OpenOutcome,
  Point,
  Shown,
  Viewer,
} from '../../types.ts'
import type { ReleaseDesk } from './release-tool.ts'

export class ClientPoint implements Point {
  readonly #point: Point
  readonly #viewer: Viewer

  /** @param viewer whose lists are shown where no session was opened, and whose delegation hosted calls are under */
  constructor(point: Point, viewer: Viewer) {
    this.#point = point
    this.#viewer = viewer
  }

  get id(): string {
    return this.#point.id
  }

  challenge(): Challenge {
    return this.#point.challenge()
  }

  open(presentation: string): Promise<OpenOutcome> {
    return this.#point.open(presentation)
  }

  call<T>(request: CallRequest, act: Act<T>, hooks?: CallHooks): Promise<CallOutcome<T>> {
    return this.#point.call(asClient(request, this.#viewer), act, hooks)
  }

  refuse(
    server: string,
    what: string,
    reason: Reason,
  ): Promise<{ action: string; reasons: readonly Reason[] }> {
    return this.#point.refuse(server, what, reason)
  }

  isVisible(viewer: Viewer, server: string, tool: string, shown?: Shown): boolean {
    return this.#point.isVisible(viewer ?? this.#viewer, server, tool, shown)
  }

  noteDefinition(server: string, tool: string, definition_hash: string, definition: JsonObject): void {
    this.#point.noteDefinition(server, tool, definition_hash, definition)
  }

  /** The point is shared: who made it closes it. */
  async close(): Promise<void> {}
}

/** What its transport proved stands in for a proof of its own. */
function asClient(request: CallRequest, viewer: Viewer): CallRequest {
  if (request.credential.kind !== 'hosted' || viewer === null || typeof viewer === 'string') return request
  // A chain without its proof is not good for a call.
  const credential =
    'chain' in viewer
      ? ({ kind: 'none' } as const)
      : ({ kind: 'hosted', delegation: viewer.delegation } as const)
  return { ...request, credential }
}

/** Where one HTTP client releases what leaves by no tool. */
export function clientReleases(releases: ReleaseDesk, viewer: Viewer): ReleaseDesk {
  return {
    kinds: () => releases.kinds(),
    releaseBy: (call, ...rest) => releases.releaseBy(asClient(call, viewer), ...rest),
  }
}
