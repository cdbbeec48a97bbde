/** A point saw a tool that is defined otherwise than it was registered. spec/detectors.md (DET-16). @module */
import { toolChangeKey } from '../../core/alert.ts'
import type { Logged } from '../fold.ts'
import { CANARY, type DetectorKind } from './detector.ts'

const rule = 'TOOL_CHANGED'

export const toolChanged: DetectorKind = {
  rule,
  make: () => ({
    take: ({ index, entry }, found) => {
      if (entry.type !== 'tool.changed') return
      const { registered, was, becomes } = entry.body
      const change = entry.subject ?? ''
      const detail = {
        change,
        server: becomes.server,
        tool: becomes.tool,
        was,
        becomes: becomes.definition_hash,
      }
      found({ rule, key: toolChangeKey(change), subject: registered, detail, entries: [index] })
    },
    state: () => null,
  }),
  canary: (now_ms) => [changed(now_ms)],
}

function changed(time_ms: number): Logged {
  const hash = 'c'.repeat(43)
  const becomes = { system: CANARY, server: CANARY, tool: CANARY, definition_hash: hash, measures: [] }
  const entry = {
    v: 1,
    type: 'tool.changed',
    time: new Date(time_ms).toISOString(),
    actor: { kind: 'point', id: CANARY },
    subject: CANARY,
    body: { registered: CANARY, was: hash, becomes },
  } as const
  return { index: 0, time_ms, entry: entry as unknown as Logged['entry'] }
}
