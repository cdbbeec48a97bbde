import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addCommands, GROUPS } from './command-groups.ts'

/** The first group loads the whole server, which a busy machine takes its time for. */
const LOAD_MS = 120_000
const namesOf = (program: Command): string[] => program.commands.map((command) => command.name())
const every = GROUPS.flatMap(({ names }) => names)

async function added(...args: string[]): Promise<string[]> {
  const program = new Command('countersign').option('--profile <dir>').option('--json').exitOverride()
  await addCommands(program, args)
  return namesOf(program)
}

test.each(GROUPS.map((group) => [group.names.join(', '), group] as const))(
  'a group adds the commands that it is found by: %s',
  async (_, group) => {
    const program = new Command()
    await group.add(program)
    expect(namesOf(program)).toEqual(group.names)
  },
  LOAD_MS,
)

test('no command is of two groups', () => {
  expect(new Set(every).size).toBe(every.length)
})

test('a command line is given the group of its command, wherever the options of the program stand', async () => {
  expect(await added('revoke', 'dlg_1', '--reason', 'x')).toEqual(['revoke'])
  expect(await added('--profile', 'start', '--json', 'verify', 'a.zip')).toEqual(['evidence', 'verify'])
  expect(await added('gateway', '--stdio', '--', 'node', 'start')).toEqual(['gateway'])
})

test.each([[[]], [['--help']], [['help', 'revoke']], [['--unknown', 'revoke']], [['revoek']]])(
  'a line that names no command first is given all of them: %j',
  async (args) => {
    expect(await added(...args)).toEqual(every)
  },
)
