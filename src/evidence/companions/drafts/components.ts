/** Components of the system, as the log knows them: agents with models and prompts, and tools. spec/drafts.md (DFT-4). @module */
import type { Citations } from '../../report/citations.ts'
import { joined, type Block, type Section, type Spans } from '../../report/document.ts'
import { said, type ReportInput } from '../../report/input.ts'
import { part, written } from './draft.ts'
import { bounded, tableOf } from './tables.ts'

export function components(input: ReportInput, cite: Citations): Section {
  return {
    id: 'components',
    title: 'Components',
    blocks: [
      part('Infrastructure and software'),
      ...written(
        input.description?.infrastructure,
        'hosts, networks, databases, and software besides agents',
      ),
      part('Agents'),
      ...tableOf(input, cite, 'active_agents', ['agent', 'class', 'purpose', 'owner', 'systems']),
      part('Versions of agents, with models and prompts'),
      ...versions(input, cite),
      part('Tools'),
      ...tools(input, cite),
    ],
  }
}

/** Those that were approved before the end of the period. A prompt is in no log: its digest is. */
function versions({ history, period }: ReportInput, cite: Citations): Block[] {
  const documents = new Map(
    history.versions.flatMap(({ index, entry }) =>
      entry.type === 'version.proposed' ? [[index, entry.body.document] as const] : [],
    ),
  )
  const rows = history.versions.flatMap(({ index, entry }): Spans[][] => {
    if (entry.type !== 'version.approved' || Date.parse(entry.time) >= period.to_ms) return []
    const { proposal, agent } = entry.body.act
    const { version, model, prompt, commit } = documents.get(proposal) ?? {}
    return [
      [
        [{ code: agent }],
        [said(version)],
        [said(model)],
        [{ code: said(prompt) }],
        [{ code: said(commit) }],
        joined(cite.entries([proposal, index])),
      ],
    ]
  })
  return bounded(rows, {
    caption: 'Versions that were approved, with what their manifests say',
    columns: ['Agent', 'Version', 'Model', 'Prompt (SHA-256)', 'Commit', 'Entries'],
    none: 'No version of an agent was approved.',
  })
}

function tools({ history, period }: ReportInput, cite: Citations): Block[] {
  const byServer = Map.groupBy(
    history.tools.filter(({ entry }) => Date.parse(entry.time) < period.to_ms),
    ({ entry }) => entry.body.server,
  )
  const rows = [...byServer].map(([server, its]): Spans[] => [
    [server],
    joined([...new Set(its.map(({ entry }) => entry.body.tool))]),
    joined([...new Set(its.map(({ entry }) => entry.body.system))]),
    joined(cite.entries(its.slice(0, 6).map(({ index }) => index))),
  ])
  return bounded(rows, {
    caption: 'Tool servers, with the tools that are registered',
    columns: ['Server', 'Tools', 'System', 'Entries'],
    none: 'No tool is registered.',
  })
}
