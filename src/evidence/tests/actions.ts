/** Test 9: every action was decided first. spec/tests.md. @module */
import { decisions } from '../populations/populations.ts'
import type { ControlTest } from './test.ts'

/** What every receipt was held against is checked already. There may be millions: they are counted, and not made into rows. */
export const decidedActions: ControlTest = {
  number: 9,
  criteria: ['CC6.1', 'CC6.6'],
  title: 'Actions are decided before they happen',
  attribute: 'a decision recorded before each, for a tool that the grant names, with a proof of its holder',
  population: decisions,
  source: "the tool's own log of its calls",
  run: ({ history: { table }, period: { from_ms, to_ms } }) => {
    const items = table.count(({ kind }) => kind === 'decision', from_ms, to_ms)
    return { items, deviations: [] }
  },
}
