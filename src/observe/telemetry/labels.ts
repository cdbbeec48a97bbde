/** Which of its labels a place has in a view. spec/telemetry.md (TEL-8). @module */
import type { View } from './terms.ts'

export interface Labels {
  readonly agent: string
  readonly point: string
  readonly server: string
  readonly tool: string
}

export function keyOf(view: number, { agent, point, server, tool }: Labels): string {
  return JSON.stringify([view, agent, point, server, tool])
}

export function labelsIn(view: View, { agent, point, server, tool }: Labels): Labels {
  const isAll = view === 'all'
  const isTool = isAll || view === 'tool'
  return {
    agent: isAll || view === 'agent' ? agent : '',
    point: isAll || view === 'point' ? point : '',
    server: isTool ? server : '',
    tool: isTool ? tool : '',
  }
}
