import type { Percentiles, Row } from '../../measure.ts'
export async function startPeers(): Promise<{
  rows: Row[]
  report: (get: (name: string) => Percentiles) => Record<string, unknown>
}> {
  return { rows: [], report: () => ({}) }
}
