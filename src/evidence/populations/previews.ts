/** The population of what auditors looked at: their own access is evidence too. spec/preview.md (PRV-16). @module */
import type { JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

export const previews: PopulationDefinition = {
  name: 'previews',
  types: ['preview.looked', 'preview.exported'],
  definition:
    'Everything that an auditor looked at or took with them in the period, with the preview under which they did and until when that was granted.',
  query: 'type = preview.looked or type = preview.exported, and from <= time < to',
  rows: (history, period) => {
    const until = new Map<string, string>()
    const rows: JsonObject[] = []
    for (const { index, entry } of history.previews) {
      const preview = entry.subject ?? ''
      if (entry.type === 'preview.granted') until.set(preview, entry.body.act.expires)
      const what = lookOf(entry)
      if (what === null || !inPeriod(entry.time, period)) continue
      const expires = until.get(preview) ?? null
      rows.push({ index, time: entry.time, preview, by: entry.actor.id, expires, ...what })
    }
    return rows
  },
}

function lookOf(entry: History['previews'][number]['entry']): JsonObject | null {
  if (entry.type === 'preview.looked') return { ...entry.body, sha256: null }
  if (entry.type !== 'preview.exported') return null
  const { size, sha256 } = entry.body
  return { kind: 'export', id: null, size, sha256 }
}
