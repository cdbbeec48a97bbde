/** PRF-2: the MAC that each call of a session carries, and counters that are accepted once. @module */
import { digestOf, World } from '../../test/fixtures/tokens.ts'
import { fromBase64url } from '../../src/core/encoding.ts'
import { callMac } from '../../src/token/proof.ts'
import { ARGS, commitTo, SALT } from './proof.ts'

export interface MacVector {
  readonly name: string
  readonly description: string
  readonly session_key: string
  readonly session: string
  readonly n: number
  readonly server: string
  readonly tool: string
  readonly args: object
  readonly salt: string
  readonly mac: string
  readonly holds: boolean
}

/** Counters as they arrive, and which of them are accepted. */
export interface CounterVector {
  readonly name: string
  readonly description: string
  readonly given: readonly number[]
  readonly accepted: readonly boolean[]
}

export function macs(): MacVector[] {
  const w = new World('macs')
  const call = { session: 'ses_1', n: 1, server: 'files', tool: 'read' }
  const session_key = digestOf('session key')
  const mac = callMac(w.crypto, fromBase64url(session_key), { ...call, args_commit: commitTo(w) })
  const base = { session_key, ...call, args: ARGS, salt: SALT, mac }
  const other = (name: string, description: string, edit: Partial<MacVector>): MacVector => ({
    name: `mac-${name}`,
    description,
    ...base,
    ...edit,
    holds: false,
  })
  return [
    { name: 'mac-plain', description: 'A call of the session', ...base, holds: true },
    {
      name: 'mac-args-order',
      description: 'Arguments in another order: JCS',
      ...base,
      args: { n: 1, path: '/data/a' },
      holds: true,
    },
    other('session', 'Another session', { session: 'ses_2' }),
    other('key', "Another session's key", { session_key: digestOf('another') }),
    other('n', 'Another counter', { n: 2 }),
    other('server', 'Another server', { server: 'mail' }),
    other('tool', 'Another tool', { tool: 'write' }),
    other('args', 'Other arguments', { args: { ...ARGS, n: 2 } }),
    other('salt', 'Another salt', { salt: digestOf('other') }),
    other('padded', 'The MAC with padding', { mac: `${mac}=` }),
    other('empty', 'No MAC', { mac: '' }),
  ]
}

const run = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

export const counters: readonly CounterVector[] = [
  {
    name: 'counter-in-order',
    description: 'One after the other',
    given: [1, 2, 3],
    accepted: [true, true, true],
  },
  { name: 'counter-any-order', description: 'In any order', given: [3, 1, 2], accepted: [true, true, true] },
  {
    name: 'counter-twice',
    description: 'Each once',
    given: [1, 2, 1, 2, 3],
    accepted: [true, true, false, false, true],
  },
  { name: 'counter-gap', description: 'Some may be lost', given: [1, 1000, 2], accepted: [true, true, true] },
  {
    name: 'counter-window',
    description: 'A counter 1,023 behind the highest is accepted, one 1,024 behind is not',
    given: [1026, 3, 2],
    accepted: [true, true, false],
  },
  {
    name: 'counter-none',
    description: 'Counters start at 1',
    given: [0, -1, 1],
    accepted: [false, false, true],
  },
  {
    name: 'counter-fraction',
    description: 'Counters are integers',
    given: [1.5, 1],
    accepted: [false, true],
  },
  {
    name: 'counter-long',
    description: 'Many in order, then each of the last 1,024 once more',
    given: [...run(1, 3000), ...run(1977, 3000)],
    accepted: [...run(1, 3000).map(() => true), ...run(1977, 3000).map(() => false)],
  },
]
