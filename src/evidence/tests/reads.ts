/** Test 23: what agents were shown lies within what they may see. spec/tests.md, spec/labels.md. @module */
import { UNLABELLED, type ToolLabel } from '../../core/label.ts'
import { fieldsOf } from '../../decide/flow/fields.ts'
import { labelFault, type Grant } from '../../token/grant.ts'
import { isIn } from '../populations/definition.ts'
import { confidentialReads } from '../populations/reads.ts'
import type { AllowKind } from '../verify/allows.ts'
import { Labels } from '../verify/flow.ts'
import type { ControlTest, FoundDeviation, TestContext } from './test.ts'
import { lineageIn } from '../verify/lineages.ts'

export const clearedReads: ControlTest = {
  number: 23,
  criteria: ['C1.1'],
  title: 'Confidential data stays within clearance',
  attribute:
    'the label of the tool lies within the clearance of every grant behind the call, and rules on flow held',
  population: confidentialReads,
  source: null,
  run: (ctx) => ({ items: ctx.rows(confidentialReads).length, deviations: aboveClearance(ctx) }),
}

function aboveClearance({ allows, history, period }: TestContext): FoundDeviation[] {
  const labels = new Labels(history)
  const limitedOf = ({ chain, receipt }: AllowKind): Grant[] =>
    (lineageIn(chain, receipt.grant) ?? [])
      .map(({ grant }) => grant)
      .filter(({ clearance, categories }) => clearance !== undefined || categories !== undefined)
  const found = allows.where((kind) => limitedOf(kind).length > 0)
  return found.toArray().flatMap(({ index, time_ms, receipt, chain }): FoundDeviation[] => {
    if (!isIn(time_ms, period)) return []
    const limited = limitedOf({ chain, receipt })
    // It may have gone by any of the labels that were in force about then.
    const isAbove = (grant: Grant): boolean => labels.at(receipt).every((label) => !shows(grant, label))
    if (!limited.some(isAbove)) return []
    const message = `${receipt.server} / ${receipt.tool} returns what the grant does not clear`
    return [{ code: 'READ_ABOVE_CLEARANCE', message, entries: [index], chain: receipt.chain }]
  })
}

/** GRT-7, LBL-10: some part of what the tool returns is for the agent to see. */
function shows(grant: Grant, label: ToolLabel): boolean {
  if (label.result === UNLABELLED.result) return labelFault(grant, null) === null
  return fieldsOf(label).some((field) => labelFault(grant, field.label) === null)
}
