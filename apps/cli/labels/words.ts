/** Labels and flow policies as people read them. @module */
import type { FlowPolicy } from '../../../src/core/flow-policy.ts'
import type { DataLabel, ToolLabel } from '../../../src/core/label.ts'
import type { LabelFile } from '../../../src/registry/label-file.ts'
import { paint } from '../output.ts'
import type { LabelProposal } from './acts.ts'

export function effectWords({ effect, destination }: ToolLabel): string {
  const to = destination.map((pointer) => pointer || 'every argument').join(', ')
  if (effect === 'none') return to === '' ? 'reads' : `reads from ${to}`
  return to === '' ? effect : `${effect}, by ${to}`
}

export function resultWords({ level, integrity, categories }: DataLabel): string {
  return [level, integrity, ...categories].join(', ')
}

function labelWords(label: ToolLabel): string {
  const { result, accepts, subject: given } = label
  const fields = Object.entries(result.fields ?? {}).map(
    ([pointer, field]) => `; ${pointer}: ${Object.values(field).flat().join(', ')}`,
  )
  const subject = result.subject === undefined ? '' : `; of whom ${result.subject} says`
  const about = given === undefined ? '' : `; about whom ${given.join(', ')} names`
  return `${effectWords(label)}${about}; accepts ${accepts}; returns ${resultWords(result)}${fields.join('')}${subject}`
}

/** One tool a paragraph: what is proposed, why, and where to look. */
export function suggestionText({ tool, label, reasons = [], look = [] }: LabelFile['tools'][number]): string {
  return [
    paint('bold', tool),
    `  ${labelWords(label)}`,
    ...reasons.map((reason) => `  - ${reason}`),
    ...look.map((where) => paint('yellow', `  ? ${where}`)),
  ].join('\n')
}

export function proposalText({ id, proposer, labels }: LabelProposal): string {
  const lines = labels.flatMap(({ server, name, label, was }) => {
    const before = was === null ? 'not labelled, so as strict as can be' : labelWords(was)
    const after = labelWords(label)
    return [
      `  ${server} / ${name}`,
      ...(before === after ? [] : [`    was: ${before}`]),
      `    ${before === after ? 'stays' : 'becomes'}: ${after}`,
    ]
  })
  return [`${id}, proposed by ${proposer}`, ...lines].join('\n')
}

export function policyText(policy: FlowPolicy): string {
  return JSON.stringify(policy, null, 2)
}
