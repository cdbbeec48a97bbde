/** The population of reads of confidential data: test 23. spec/tests.md, spec/labels.md. @module */
import { isAbove, UNLABELLED, type Level } from '../../core/label.ts'
import { Labels } from '../verify/flow.ts'
import type { Shape } from '../receipts/shapes.ts'
import { isIn, type PopulationDefinition } from './definition.ts'

export const confidentialReads: PopulationDefinition = {
  name: 'confidential_reads',
  types: ['receipt'],
  definition:
    'Once tools are labelled: every call that was allowed in the period to a tool whose results are confidential or restricted, by the strictest label that may have been in force; of a tool without a label they are restricted.',
  query:
    'type = receipt, body.decision = allow and from <= body.time < to; the label.approved in force for its tool and definition',
  *rows(history, period) {
    if (!history.labels.some(({ entry }) => entry.type === 'label.approved')) return
    const labels = new Labels(history)
    const isAllow = (one: Shape): boolean => one.kind === 'decision' && one.decision === 'allow'
    for (const { index, time_ms, receipt } of history.receiptsWhere(isAllow)) {
      if (receipt.kind !== 'decision') continue
      if (!isIn(time_ms, period)) continue
      const inForce = labels.at(receipt)
      const level = inForce.reduce<Level>(
        (most, { result }) => (isAbove(result.level, most) ? result.level : most),
        'public',
      )
      if (!isAbove(level, 'internal')) continue
      const { time, action, agent, server, tool, chain, flow } = receipt
      const labelled = inForce.every(({ result }) => result !== UNLABELLED.result)
      yield {
        index,
        time,
        action,
        agent,
        server,
        tool,
        chain,
        level,
        labelled,
        taint: flow?.taint.level ?? null,
      }
    }
  },
}
