/** What a call is called: the tool with its server, or what a point itself did; and whose it was, when it is no agent's. @module */
import { words } from '../../words/words.ts'

const OWN: Readonly<Record<string, string>> = words.activity.own

/** Calls that no agent made: a point tells so that a kill took effect, and tries itself (KIL-18, ENF-9). */
const OF_POINT: ReadonlySet<string> = new Set(['countersign/kill', 'countersign/canary'])

/** Of a call without an agent: whether the point made it itself, or somebody whom it did not know. */
export function isOfPoint({ tool, canary }: { readonly tool: string; readonly canary: boolean }): boolean {
  return canary || OF_POINT.has(tool)
}

export function callName({ server, tool }: { readonly server: string; readonly tool: string }): string {
  const own = OWN[tool]
  if (own !== undefined) return server === '' ? own : `${own}: ${server}`
  return server === '' ? tool : `${server} / ${tool}`
}
