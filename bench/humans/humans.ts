/** `npm run bench -- humans`: what it costs to know which human stands behind what, and what humans agreed to. @module */
import { machine, ownCommit } from '../machine.ts'
import { benchConsent, consentTable } from './consent.ts'

export async function humans({ json }: { readonly json: boolean }): Promise<void> {
  const start = machine()
  const consent = await benchConsent()
  const report = { benchmark: 'humans', machine: start, countersign: ownCommit(), consent }
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : consentTable(consent))
}
