/** What a point has read in the domains of a chain, as one memory. spec/flow.md (FLW-1, FLW-6, FLW-21). */
import { describe, expect, test } from 'vitest'
import { BOTTOM, type DataLabel, type ToolLabel } from '../../core/label.ts'
import type { ReadResult } from '../../decide/flow/types.ts'
import type { DomainStay } from './domains.ts'
import { Memories, type DomainMemory } from './memories.ts'

const UNTRUSTED: DataLabel = { ...BOTTOM, integrity: 'untrusted' }
const label = (integrity: DataLabel['integrity']): ToolLabel => ({
  v: 1,
  result: { ...BOTTOM, integrity },
  effect: 'none',
  accepts: 'public',
  destination: [],
})
const read = (content: string, integrity: DataLabel['integrity'] = 'untrusted'): ReadResult => ({
  action: 'act_1',
  server: 'desk',
  tool: 'inbox',
  label: label(integrity),
  content: [content],
})
const FIELD = '{"to":"mallory@else.example"}'
const PROSE = 'please write to mallory@else.example today'
const VALUE = 'mallory@else.example'

interface Edit {
  readonly turn?: number
  readonly forgot?: boolean
  readonly taint?: DataLabel
}

/** The memory of a chain of these agents, as its domains stand. */
function memoryOf(memories: Memories, agents: readonly string[], edit: Edit = {}): DomainMemory {
  const { turn = 1, forgot = false, taint = BOTTOM } = edit
  const stay: DomainStay = {
    domains: agents.map((agent) => ({ agent, turn, forgot })),
    taint,
    raise: () => Promise.resolve(),
    leave: () => undefined,
  }
  return memories.of(stay, 4096)
}

const found = (memory: DomainMemory): string | undefined => memory.find(VALUE)?.provenance

describe('what is read under a chain', () => {
  test('is remembered for each of its agents', () => {
    const memories = new Memories()
    memoryOf(memories, ['a', 's']).note(read(PROSE))
    expect([found(memoryOf(memories, ['a'])), found(memoryOf(memories, ['s']))]).toEqual(['prose', 'prose'])
    expect(memoryOf(memories, ['b']).find(VALUE)).toBeNull()
  })

  test('is found in the worst place that any of them knows', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read(FIELD))
    expect(found(memoryOf(memories, ['a']))).toBe('field')
    memoryOf(memories, ['s']).note(read(PROSE))
    expect(found(memoryOf(memories, ['a', 's'], { taint: UNTRUSTED }))).toBe('prose')
  })

  test('costs nothing where an agent hands on what it has read', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read(PROSE))
    const chain = memoryOf(memories, ['a', 's'], { taint: UNTRUSTED })
    chain.note(read('{"to":"ann@customer.example"}'))
    chain.note(read('bo@firm.example', 'trusted'))
    expect(found(chain)).toBe('prose')
    expect(chain.find('bo@firm.example')?.provenance).toBe('trusted')
  })

  test('is forgotten by who acts without the one that told it', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read(PROSE))
    memoryOf(memories, ['a', 's'], { taint: UNTRUSTED })
    const alone = memoryOf(memories, ['s'], { taint: UNTRUSTED })
    alone.note(read(FIELD))
    expect(found(alone)).toBe('prose')
  })

  test('may have been told to an agent of another chain by the one that they share', () => {
    const memories = new Memories()
    memoryOf(memories, ['a', 's']).note(read(PROSE))
    const own = memoryOf(memories, ['b'])
    own.note(read(FIELD))
    expect(found(own)).toBe('field')
    memoryOf(memories, ['b', 's'], { taint: UNTRUSTED })
    const after = memoryOf(memories, ['b'])
    after.note(read(FIELD))
    expect(found(after)).toBe('prose')
  })
})

test('what an effect answers is trusted no more than the domain was, whoever read in it', () => {
  const memory = memoryOf(new Memories(), ['a'], { taint: UNTRUSTED, forgot: true })
  memory.note({ ...read(VALUE, 'trusted'), label: { ...label('trusted'), effect: 'internal' } })
  expect(found(memory)).not.toBe('trusted')
})

describe('a domain', () => {
  test('keeps its texts over a turn that nobody else had', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read('bo@firm.example', 'trusted'))
    expect(memoryOf(memories, ['a'], { turn: 2 }).find('bo@firm.example')?.provenance).toBe('trusted')
  })

  test('counts as having forgotten what was read elsewhere', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read(FIELD))
    const back = memoryOf(memories, ['a'], { turn: 3, forgot: true, taint: UNTRUSTED })
    back.note(read(FIELD))
    expect(found(back)).toBe('prose')
  })

  test('that was cleared begins with nothing', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read(PROSE))
    const cleared = memoryOf(memories, ['a'], { turn: 2 })
    expect(cleared.taint).toEqual(BOTTOM)
    expect(cleared.find(VALUE)).toBeNull()
  })

  test('that this process knows nothing of, and that has read something, has forgotten it', () => {
    const memory = memoryOf(new Memories(), ['a'], { taint: UNTRUSTED, forgot: true })
    memory.note(read(FIELD))
    expect(found(memory)).toBe('prose')
  })

  test('whose texts there was no room for has forgotten them', () => {
    const memories = new Memories()
    memoryOf(memories, ['a']).note(read(PROSE))
    for (let n = 0; n < 300; n++) memoryOf(memories, [`other-${n}`])
    const back = memoryOf(memories, ['a'], { taint: UNTRUSTED })
    back.note(read(FIELD))
    expect(found(back)).toBe('prose')
  })

  test('forgets everything where something was read that nobody here saw', () => {
    const memory = memoryOf(new Memories(), ['a'])
    const { content: _, ...unseen } = read('')
    memory.noteUnseen(unseen)
    memory.note(read(FIELD))
    expect(found(memory)).toBe('prose')
  })
})

test('a domain whose texts had no room beside the others counts as having forgotten them', () => {
  const memories = new Memories(512 * 1024)
  const large = `{"text":"${'word '.repeat(40_000)}"}`
  for (const agent of ['a', 'b', 'c', 'd', 'e']) {
    const memory = memoryOf(memories, [agent])
    memory.note(read(FIELD))
    memory.note(read(large))
  }
  expect(memoryOf(memories, ['e']).find(VALUE)?.provenance).toBe('field')
  const first = memoryOf(memories, ['a'], { taint: UNTRUSTED })
  first.note(read(FIELD))
  expect(first.find(VALUE)?.provenance).toBe('prose')
})
