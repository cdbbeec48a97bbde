/** Labels of tools and policies on flow, in words. spec/labels.md, spec/flow.md (FLW-10). Pure. @module */
import { nameOf, row, sentence, wordsOf } from './plain.js'

const EFFECTS = new Map([
  ['none', 'Only reads'],
  ['internal', 'Changes something that stays within the system'],
  ['external', 'Lets something out of the system, or somebody in'],
  ['destructive', 'Deletes, overwrites, or changes who has access'],
])

const INTEGRITY = new Map([
  ['trusted', 'trusted: nobody but the principal and the system writes it'],
  ['untrusted', 'untrusted: somebody else may have written it'],
])

/** A row a tool: it is the names by which a person knows what the label is of. */
export function labelRows(labels, names) {
  return labels.map(({ tool, definition_hash, label, ...rest }) =>
    row(nameOf(names, tool), [...labelLines(label), ...restLines(rest)], `${tool} ${definition_hash}`),
  )
}

function labelLines(label) {
  const { effect, destination, accepts, result, subject, ...rest } = ofThisForm(label)
  const to = destination.map((pointer) => (pointer === '' ? 'every argument' : pointer)).join(', ')
  return [
    EFFECTS.get(effect) ?? `Effect: ${effect}`,
    ...(to === '' ? [] : [`To whom, where to or on what: ${to}`]),
    ...(subject === undefined ? [] : [`About whom these arguments name: ${subject.join(', ')}`]),
    `May be given what is ${accepts} at most`,
    ...resultLines(result),
    ...restLines(rest),
  ]
}

function resultLines({ level, integrity, categories, subject, fields = {}, ...rest }) {
  return [
    `Returns ${[level, ...categories].join(', ')} data, ${INTEGRITY.get(integrity) ?? integrity}`,
    ...Object.entries(fields).map(
      ([pointer, field]) => `In it ${pointer}: ${Object.values(field).flat().join(', ')}`,
    ),
    ...(subject === undefined ? [] : [`In it ${subject} says whom it is about`]),
    ...restLines(rest),
  ]
}

const MODES = new Map([
  ['off', 'off: the rules are not asked'],
  ['observe', 'observe: what the rules object to goes out, and is recorded'],
  ['ask', 'ask: what the rules object to waits for a person, and is denied where nobody can be asked'],
  ['deny', 'deny: what the rules object to is denied'],
])

const BASES = new Map([
  ['off', 'off: nobody asks whether people agreed'],
  ['observe', 'observe: personal data without a basis goes out, and is recorded'],
  ['enforce', 'enforce: personal data without a basis is denied, or withheld from results'],
])

/** @returns the rows of a flow policy; what has no words stands there as it is */
export function policyRows(policy) {
  const { mode, aliases = {}, bases, policies = [], pseudonyms, ...rest } = ofThisForm(policy)
  return [
    row('Mode', [MODES.get(mode) ?? String(mode)]),
    ...(bases === undefined ? [] : [row('A basis for personal data', [BASES.get(bases) ?? String(bases)])]),
    ...policies.map(({ name, server, tool, argument, values, ...more }) =>
      row(`Lets pass: ${name}`, [
        `${tool} of ${server}, where ${argument} is one of:`,
        ...values,
        ...restLines(more),
      ]),
    ),
    ...Object.entries(aliases).map(([alias, level]) => row('Name of a level', [`${alias} is ${level}`])),
    ...(pseudonyms === undefined ? [] : [row('A pseudonym in place of', pseudonyms)]),
    ...Object.entries(rest).map(([name, value]) => row(sentence(name), wordsOf(value))),
  ]
}

/** Without the version of the form, which says nothing to a person while there is one. */
function ofThisForm({ v, ...members }) {
  return v === 1 ? members : { v, ...members }
}

function restLines(members) {
  return Object.entries(members).map(([name, value]) => `${sentence(name)}: ${JSON.stringify(value)}`)
}
