/**
 * What of the registers drift needs, folded from the log: tools and what they are pinned to, labels in force, agents, the
 * drift policy. spec/drift.md (DRF-5, DRF-6, DRF-27).
 * Invariant: what is in force at an entry follows from the entries before it, never from tables that are further on.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { taggedDigest } from '../../core/digest.ts'
import { DRIFT_POLICY, type DriftPolicy } from '../../core/drift-policy.ts'
import type { Effect, Level, ToolLabel } from '../../core/label.ts'
import type { AnyEntry, Entry, EntryType } from '../../log/entries.ts'
import { isAmong } from '../../token/grant.ts'
import type { RootFacts } from './roots.ts'

export const TOOLS_TAG = 'countersign-tools-v1'

export interface LabelFacts {
  readonly effect: Effect
  readonly level: Level
}

interface Tool {
  readonly server: string
  readonly tool: string
  readonly definition_hash: string
}

interface Labelled {
  readonly tool: string
  readonly definition_hash: string
  readonly label: ToolLabel
}

/** As it is stored between saves. */
export interface StoredWorld {
  readonly policy: DriftPolicy
  readonly policies: readonly (readonly [string, DriftPolicy])[]
  readonly tools: readonly (readonly [string, Tool])[]
  readonly changes: readonly (readonly [string, readonly [string, Tool]])[]
  readonly labels: readonly (readonly [string, LabelFacts])[]
  readonly proposals: readonly (readonly [string, readonly (readonly [string, LabelFacts])[]])[]
  readonly manifests: readonly (readonly [string, string])[]
  readonly flow_policy: string
}

/** What each type does to it; the others do nothing. */
type Takes = { readonly [T in EntryType]?: (entry: Entry<T>) => void }

export class World {
  policy: DriftPolicy = DRIFT_POLICY
  changed = false
  /** That wait, by identifier. */
  #policies = new Map<string, DriftPolicy>()
  /** By identifier. */
  #tools = new Map<string, Tool>()
  #ids = new Map<string, string>()
  /** That wait: the tool and what it becomes. */
  #changes = new Map<string, readonly [string, Tool]>()
  /** By {@link labelKey}. */
  #labels = new Map<string, LabelFacts>()
  #proposals = new Map<string, readonly (readonly [string, LabelFacts])[]>()
  /** That is in force, by identifier; empty for none. */
  #flowPolicy = ''
  /** By agent: what it was registered with. */
  #manifests = new Map<string, string>()
  /** By task class; emptied when a tool, a label or the flow policy changes. */
  readonly #toolDigests = new Map<string, string>()

  readonly #takes: Takes = {
    'tool.registered': ({ subject = '', body }) => this.#setTool(subject, body),
    'tool.changed': ({ subject = '', body: { registered, becomes } }) =>
      void this.#changes.set(subject, [registered, toolOf(becomes)]),
    'tool.approved': ({ subject = '' }) => {
      const change = this.#changes.get(subject)
      this.#changes.delete(subject)
      if (change !== undefined) this.#setTool(change[0], change[1])
    },
    'label.proposed': ({ subject = '', body }) => void this.#proposals.set(subject, body.labels.map(factsOf)),
    'label.approved': ({ subject = '' }) => {
      for (const [key, facts] of this.#proposals.get(subject) ?? []) this.#labels.set(key, facts)
      this.#proposals.delete(subject)
      this.#toolDigests.clear()
    },
    'flow_policy.approved': ({ subject = '' }) => {
      this.#flowPolicy = subject
      this.#toolDigests.clear()
    },
    'agent.proposed': ({ subject = '', body }) => void this.#manifests.set(subject, body.manifest),
    'drift_policy.proposed': ({ subject = '', body }) => void this.#policies.set(subject, body.policy),
    'drift_policy.approved': ({ subject = '' }) => {
      this.policy = this.#policies.get(subject) ?? this.policy
      this.#policies.delete(subject)
    },
  }

  take(entry: AnyEntry): void {
    const take = this.#takes[entry.type] as ((entry: AnyEntry) => void) | undefined
    if (take === undefined) return
    take(entry)
    this.changed = true
  }

  #setTool(id: string, body: Tool): void {
    const tool = toolOf(body)
    this.#tools.set(id, tool)
    this.#ids.set(nameOf(tool.server, tool.tool), id)
    this.#toolDigests.clear()
  }

  /** The label in force of what was called; null: none. @param definition_hash of the receipt */
  label(server: string, tool: string, definition_hash: string | null): LabelFacts | null {
    const id = this.#ids.get(nameOf(server, tool))
    if (id === undefined || definition_hash === null) return null
    return this.#labels.get(labelKey(id, definition_hash)) ?? null
  }

  /** Empty where none is known. */
  manifest(agent: string): string {
    return this.#manifests.get(agent) ?? ''
  }

  /** DRF-5: over what the tools that the root's grants name are, and what the rules on flows go by. */
  toolsDigest(crypto: Crypto, { task_class, actions }: RootFacts): string {
    const known = this.#toolDigests.get(task_class)
    if (known !== undefined) return known
    const tools = [...this.#tools.values()]
      .filter(({ server, tool }) => actions.some(([at, action]) => at === server && isAmong([action], tool)))
      .map(({ server, tool, definition_hash }) => {
        const label = this.label(server, tool, definition_hash)
        return [server, tool, definition_hash, label?.effect ?? null, label?.level ?? null]
      })
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    const digest = taggedDigest(crypto, TOOLS_TAG, { flow_policy: this.#flowPolicy, tools })
    this.#toolDigests.set(task_class, digest)
    return digest
  }

  stored(): StoredWorld {
    return {
      policy: this.policy,
      policies: [...this.#policies],
      tools: [...this.#tools],
      changes: [...this.#changes],
      labels: [...this.#labels],
      proposals: [...this.#proposals],
      manifests: [...this.#manifests],
      flow_policy: this.#flowPolicy,
    }
  }

  restore(stored: StoredWorld): void {
    this.policy = stored.policy
    this.#policies = new Map(stored.policies)
    this.#changes = new Map(stored.changes)
    this.#labels = new Map(stored.labels)
    this.#proposals = new Map(stored.proposals)
    this.#manifests = new Map(stored.manifests)
    this.#flowPolicy = stored.flow_policy
    for (const [id, tool] of stored.tools) this.#setTool(id, tool)
  }
}

function toolOf({ server, tool, definition_hash }: Tool): Tool {
  return { server, tool, definition_hash }
}

function factsOf({ tool, definition_hash, label }: Labelled): readonly [string, LabelFacts] {
  return [labelKey(tool, definition_hash), { effect: label.effect, level: label.result.level }]
}

function nameOf(server: string, tool: string): string {
  return `${server}\n${tool}`
}

function labelKey(id: string, definition_hash: string): string {
  return `${id}\n${definition_hash}`
}
