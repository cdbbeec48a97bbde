/** Labels of tools. spec/simulation.md (SIM-9). @module */
import { approveLabels, proposeLabels } from '../../cli/labels/acts.ts'
import type { Story, Theme } from '../story.ts'

/** Two people label every tool before anything is called. */
export const labels: Theme = { found: labelTools }

export async function labelTools({ company }: Story): Promise<void> {
  const { operations, security } = company.staff
  const all = [...company.tools.values()].map(({ id, hash, label }) => {
    return { tool: id, definition_hash: hash, label }
  })
  await approveLabels(security, await proposeLabels(operations, all))
}
