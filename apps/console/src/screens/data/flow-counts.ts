/** Counts of calls as flows to and from levels of sensitivity, by the labels in force. Pure. @module */
import { UNLABELLED, type Level } from '../../../../../src/core/label.ts'
import type { Labelled } from './queries.ts'

export interface Flow {
  /** `server/tool`. */
  readonly tool: string
  /** A source returns data of the level; a sink accepts data up to it, and changes or sends something. */
  readonly side: 'source' | 'sink'
  readonly level: Level
  readonly calls: number
}

interface Counted {
  readonly server?: string | null | undefined
  readonly tool?: string | null | undefined
  readonly allowed?: number | null | undefined
}

/** Largest first. What no label says is as LBL-5 has it. */
export function flowsOf(labels: readonly Labelled[], rows: readonly Counted[]): Flow[] {
  const byTool = new Map(labels.map(({ server, name, label }) => [`${server}/${name}`, label ?? UNLABELLED]))
  const flows = rows.flatMap(({ server, tool, allowed }): Flow[] => {
    const name = `${server ?? ''}/${tool ?? ''}`
    const label = byTool.get(name)
    const calls = allowed ?? 0
    if (label === undefined || calls === 0) return []
    return [
      { tool: name, side: 'source', level: label.result.level, calls },
      ...(label.effect === 'none'
        ? []
        : [{ tool: name, side: 'sink' as const, level: label.accepts, calls }]),
    ]
  })
  return flows.toSorted((a, b) => b.calls - a.calls)
}
