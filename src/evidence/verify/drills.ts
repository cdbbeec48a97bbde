/**
 * Drills of the kill switch: planned, begun and closed in order, by whom they may, and each report recomputed from the
 * entries that it is of. spec/kill.md (KIL-17 to KIL-19).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { canonicalize } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import {
  drillReport,
  DrillSieve,
  drillWindow,
  isUnderScope,
  type DrillEvidence,
  type DrillInventory,
  type DrillReport,
} from '../../log/drill-report.ts'
import type { DecisionReceipt, Receipt } from '../../log/receipt.ts'
import type { KillScope } from '../../revoke/statement.ts'
import type { History } from '../history.ts'
import type { Findings } from './report.ts'

type DrillEntry = History['drills'][number]
type Of<T extends DrillEntry['entry']['type']> = Extract<DrillEntry, { entry: { type: T } }>

interface Drill {
  readonly planned: { readonly index: number; readonly entry: Of<'drill.planned'>['entry'] }
  started: { readonly index: number; readonly kill: string | null } | null
  isClosed: boolean
}

/** @returns how many entries of drills there are */
export function checkDrills(
  crypto: Crypto,
  history: History,
  separation: 'independent' | 'after',
  findings: Findings,
): number {
  const judge = new DrillJudge(crypto, history, separation)
  for (const each of history.drills) {
    const fault = judge.faultOf(each)
    if (fault === null) continue
    const message = `drill ${each.entry.subject ?? ''}: ${fault}`
    findings.add({ code: 'DRILL_INVALID', message, index: each.index })
  }
  return history.drills.length
}

class DrillJudge {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #separation: 'independent' | 'after'
  readonly #drills = new Map<string, Drill>()

  constructor(crypto: Crypto, history: History, separation: 'independent' | 'after') {
    this.#crypto = crypto
    this.#history = history
    this.#separation = separation
  }

  /** In the order of the log. */
  faultOf({ index, entry }: DrillEntry): string | null {
    const drill = this.#drills.get(entry.subject ?? '')
    switch (entry.type) {
      case 'drill.planned':
        if (drill !== undefined) return 'it was planned before'
        this.#drills.set(entry.subject ?? '', { planned: { index, entry }, started: null, isClosed: false })
        return null
      case 'drill.started':
        return this.#startFault(drill, index, entry.body.kill)
      case 'drill.closed':
        return this.#closeFault(drill, index, entry)
    }
  }

  #startFault(drill: Drill | undefined, index: number, kill: string | null): string | null {
    if (drill === undefined) return 'it began, and nobody had planned it'
    if (drill.started !== null) return 'it began a second time'
    drill.started = { index, kill }
    const { mode, scope } = drill.planned.entry.body
    if ((kill !== null) !== (mode === 'production'))
      return 'it pulls a kill as a tabletop, or none in production'
    if (kill === null) return null
    const pulled = this.#pulled(kill)
    if (pulled === null || pulled.index < index) return `its kill ${kill} was not pulled by it`
    const isPlanned = canonicalize({ ...pulled.scope }) === canonicalize({ ...scope })
    return isPlanned ? null : `its kill ${kill} is on another scope than was planned`
  }

  #closeFault(drill: Drill | undefined, index: number, entry: Of<'drill.closed'>['entry']): string | null {
    if (drill === undefined || drill.started === null) return 'it was closed, and had not begun'
    if (drill.isClosed) return 'it was closed a second time'
    drill.isClosed = true
    const { size, report } = entry.body
    if (this.#separation === 'independent' && entry.actor.id === drill.planned.entry.actor.id)
      return 'who planned it closed it'
    if (size > index) return 'its report is of entries that came after it'
    // Receipts of that time may be gone (RET-8): what they said is not recomputed.
    const { from } = drillWindow({ planned: drill.planned.index, started: drill.started.index }, size)
    if (from < this.#history.prunedEnd) return null
    const computed = drillReport(this.#evidence(drill.planned, drill.started, size))
    const other = differing(computed, report)
    return other === null ? null : `its report differs from what the log says: ${other}`
  }

  #pulled(kill: string): { readonly index: number; readonly at: string; readonly scope: KillScope } | null {
    for (const { index, entry } of this.#history.kills)
      if (entry.type === 'kill.pulled' && entry.subject === kill)
        return { index, at: entry.time, scope: entry.body.statement.kill.scope }
    return null
  }

  #evidence(
    { index: planned, entry }: Drill['planned'],
    started: { readonly index: number; readonly kill: string | null },
    size: number,
  ): DrillEvidence {
    const { mode, scope } = entry.body
    const pulled = started.kill === null ? null : this.#pulled(started.kill)
    if (started.kill === null || pulled === null || pulled.index >= size)
      return { mode, scope, kill: null, lift: null, points: [], receipts: [], isUnder: () => false }
    const inventory = this.#inventory(size)
    const isUnder = (receipt: DecisionReceipt): boolean => isUnderScope(scope, inventory, receipt)
    const window = drillWindow({ planned, started: started.index }, size)
    return {
      mode,
      scope,
      kill: { id: started.kill, at: pulled.at },
      lift: this.#lift(started.kill, size),
      points: this.#points(scope, started.kill, pulled.index, size),
      receipts: this.#receipts(new DrillSieve(started.kill, isUnder), window),
      isUnder,
    }
  }

  /** The first that names it. */
  #lift(kill: string, size: number): DrillEvidence['lift'] {
    for (const { index, entry } of this.#history.kills) {
      if (index >= size || entry.type !== 'kill.lifted') continue
      const { lift, gestures } = entry.body.statement
      if (lift.kills.includes(kill)) return { id: lift.id, at: entry.time, people_n: gestures.length }
    }
    return null
  }

  #points(scope: KillScope, kill: string, index: number, size: number): string[] {
    const frames = this.#history.frames.map(({ frame }) => frame)
    const seq = frames.find((frame) => frame.kind === 'kill' && frame.handle === kill)?.seq ?? 0
    const revoked = new Set(
      frames.filter((frame) => frame.kind === 'key' && frame.seq < seq).map((frame) => frame.handle),
    )
    const servers = this.#serversOf(scope, size)
    return [...this.#history.points.values()]
      .filter(
        (point) =>
          point.index < index &&
          (servers === null || point.entry.body.servers.some((server) => servers.has(server))),
      )
      .filter((point) => !revoked.has(thumbprint(this.#crypto, point.entry.body.jwk)))
      .map((point) => point.entry.subject ?? '')
  }

  /** Null: all of them. */
  #serversOf(scope: KillScope, size: number): ReadonlySet<string> | null {
    if (scope.kind !== 'system') return null
    const tools = this.#tools(size).filter(({ system }) => system === scope.id)
    return new Set([scope.id, ...tools.map(({ server }) => server)])
  }

  /** As they were registered last. */
  #tools(size: number): { server: string; tool: string; system: string }[] {
    const before = this.#history.tools.filter(({ index }) => index < size)
    const last = new Map(
      before.map(({ entry: { body } }) => [`${body.server}\n${body.tool}`, { ...body }] as const),
    )
    return [...last.values()]
  }

  #inventory(size: number): DrillInventory {
    const tools = new Map(
      this.#tools(size).map(({ server, tool, system }) => [`${server}\n${tool}`, system] as const),
    )
    return {
      classOf: (agent) => this.#history.agents.get(agent)?.proposal.entry.body.class,
      systemOf: (server, tool) => tools.get(`${server}\n${tool}`),
    }
  }

  #receipts(sieve: DrillSieve, { from, to }: ReturnType<typeof drillWindow>): readonly Receipt[] {
    for (const { receipt } of this.#history.table.between(from, to)) sieve.add(receipt)
    return sieve.recorded
  }
}

/** Members that are not the same, by name. */
function differing(computed: DrillReport, claimed: DrillReport): string | null {
  const names = (Object.keys(computed) as (keyof DrillReport)[]).filter(
    (name) => canonicalize({ is: computed[name] }) !== canonicalize({ is: claimed[name] }),
  )
  return names.length === 0 ? null : names.join(', ')
}
