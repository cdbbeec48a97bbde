/** Whoever mistypes is told what is wrong and what to run next, and nobody has to know what an empty answer means. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { invite } from '../../apps/cli/operator.ts'
import { runCli, type CliAnswer } from '../fixtures/processes.ts'
import { ECHO_GRANT, Stage, type StagedPoint } from '../fixtures/stage.ts'

const NOBODYS = 'A'.repeat(43)
const faultSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

let stage: Stage
let point: StagedPoint
let issued: { jti: string; chain: string }
let lead = ''
let invited = ''
/** Index of the entry that says so. */
let issuedAt = -1
let folder = ''
/** What the arguments of a row stand for, as it is known only once the stage is set. */
const NAMED: Record<string, () => string> = {
  $URL: () => stage.control.url,
  $DATA: () => stage.dataDir,
  $JTI: () => issued.jti,
  $AGENT: () => stage.agent.id,
  $LEAD: () => lead,
  $POINT: () => point.id,
  $INVITED: () => invited,
  $KEY: () => join(folder, 'holder.json'),
  $GRANTS: () => join(folder, 'grants.json'),
  $TEXT: () => join(folder, 'text'),
  $CHAIN: () => join(folder, 'chain'),
  $PARTIAL: () => join(folder, 'partial.json'),
  $NEW: () => join(folder, 'new'),
  $VKEY: () => stage.control.vkey,
  $BACKUP: () => join(folder, 'backup'),
  $ISSUED: () => String(issuedAt),
}

beforeAll(async () => {
  stage = await Stage.set()
  point = await stage.point('gateway')
  issued = await stage.delegate(point)
  folder = await mkdtemp(join(tmpdir(), 'countersign-next-steps-'))
  await writeFile(join(folder, 'text'), 'Dear diary')
  await writeFile(join(folder, 'chain'), issued.chain)
  await writeFile(join(folder, 'partial.json'), '{"class":"assistant","grants":null}')
  await writeFile(join(folder, 'holder.json'), JSON.stringify(stage.agent.holder.publicJwk))
  await writeFile(join(folder, 'grants.json'), JSON.stringify([ECHO_GRANT]))
  lead = await leadOf(stage)
  invited = (await invite(stage.manager, 'Somebody')).person
  issuedAt = await issuedEntry()
  const backup = await runCli(['backup', join(folder, 'backup'), '--data', stage.dataDir])
  if (backup.code !== 0) throw new Error(backup.stderr)
}, 60_000)

async function issuedEntry(): Promise<number> {
  const { entries } = z
    .object({ entries: z.array(z.object({ index: z.int(), entry: z.looseObject({ type: z.string() }) })) })
    .parse(await stage.manager.client.get('/v1/entries?after=-1&limit=1000'))
  return entries.find(({ entry }) => entry.type === 'delegation.issued')?.index ?? -1
}

afterAll(async () => {
  await stage.remove()
  await rm(folder, { recursive: true, force: true })
})

/** The other person who is enrolled. */
async function leadOf({ manager }: Stage): Promise<string> {
  const answer = await manager.client.get('/v1/people')
  const { people } = z.object({ people: z.array(z.object({ id: z.string() })) }).parse(answer)
  return people.find(({ id }) => id !== manager.person)?.id ?? ''
}

const DELEGATE = 'delegate $AGENT --key $KEY --grants $GRANTS -o $NEW --point'

const run = (command: string, profile = stage.profileDir): Promise<CliAnswer> => {
  const args = command.split(' ').map((word) => word.replace(/^\$[A-Z]+/, (name) => NAMED[name]?.() ?? name))
  return runCli(['--profile', profile, ...args])
}

describe('what goes wrong says what to do next', () => {
  test.each<[command: string, exit: number, code: string, next: string]>([
    ['agent approve agt_x', 1, 'UNKNOWN_AGENT', '"countersign agent list"'],
    ['agent key agt_x -o $NEW', 1, 'UNKNOWN_AGENT', '"countersign agent list"'],
    ['person endorse per_x', 1, 'UNKNOWN_PERSON', '"countersign person list"'],
    ['person endorse $INVITED', 1, 'STATE_CONFLICT', 'invite them, or wait until they enrol'],
    [`${DELEGATE} pnt_x`, 1, 'UNKNOWN_POINT', '"countersign point admit … --jwk FILE" here'],
    ['template show tpl_x', 1, 'UNKNOWN_TEMPLATE', '"countersign template list"'],
    ['delegation show dlg_x', 1, 'UNKNOWN_DELEGATION', '"countersign delegation waiting"'],
    ['delegation show $JTI', 1, 'UNKNOWN_DELEGATION', 'is issued and waits for nobody'],
    ['delegation approve $JTI', 1, 'UNKNOWN_DELEGATION', '"countersign delegations" lists it'],
    ['delegation decline $JTI', 1, 'UNKNOWN_DELEGATION', '"countersign revoke dlg_'],
    ['delegation fetch dlg_x -o $NEW', 1, 'UNKNOWN_DELEGATION', '"countersign delegations"'],
    ['delegation fetch $JTI -o $TEXT', 1, 'FILE_UNWRITABLE', 'exists already: choose another name'],
    ['revoke pnt_x', 1, 'UNKNOWN_POINT', '"countersign point list"'],
    ['revoke $JTI --reason DONE!', 2, 'USAGE', 'a code such as task-done'],
    ['revoke nobody', 2, 'ARGUMENT_INVALID', '"countersign delegations"'],
    ['point key pnt_x', 2, 'ARGUMENT_INVALID', '"countersign point list"'],
    [
      `tool register t --system sys_x --server s --definition ${NOBODYS}`,
      1,
      'UNKNOWN_SYSTEM',
      '"countersign system list"',
    ],
    [
      'tool register t --system sys_x --server s --definition x',
      1,
      'REQUEST_INVALID',
      '"countersign tool inspect COMMAND"',
    ],
    ['keys retire nope', 1, 'REQUEST_INVALID', '"countersign keys list"'],
    ['keys compromise nope', 1, 'REQUEST_INVALID', '"countersign keys list"'],
    [`keys retire ${NOBODYS}`, 1, 'UNKNOWN_KEY', '"countersign keys list"'],
    ['issuer drop x', 1, 'UNKNOWN_ISSUER', '"countersign issuer list"'],
    ['issuer propose http://127.0.0.1:1', 1, 'API_UNREACHABLE', '"countersign start" runs there'],
    [
      'disclose $CHAIN --server s --tool t --args {bad -o $NEW',
      1,
      'JSON_INVALID',
      '--args is not a JSON object',
    ],
    ['disclose $CHAIN --server s -o $NEW', 2, 'ARGUMENT_INVALID', '"countersign grants /'],
    ['grants $TEXT', 1, 'TOKEN_MALFORMED', '"countersign delegate … -o FILE"'],
    ['grants $NEW', 1, 'FILE_UNREADABLE', 'does not exist: check the name'],
    ['verify $TEXT --key x', 1, 'VKEY_INVALID', 'the line "log key"'],
    ['evidence actions $TEXT', 1, 'PACK_ARCHIVE_INVALID', '"countersign evidence build … -o FILE"'],
    [
      'template propose $PARTIAL',
      1,
      'TEMPLATE_INVALID',
      'has no ttl_s_max, depth_max, approvals: a template',
    ],
    ['template propose $TEXT', 2, 'ARGUMENT_INVALID', '--help'],
    ['start --port 0 --data $TEXT', 1, 'STORE_UNAVAILABLE', 'is a file and not a folder: choose another'],
    ['start --port 0 --data $DATA', 1, 'LOG_LOCKED', 'stop it, or use its control plane'],
    ['tool inspect no-such-server', 1, 'TOOL_SERVER_FAILED', 'see that it starts by itself'],
    ['enroll --url $URL --secret x', 1, 'FILE_UNWRITABLE', 'name another folder with --profile'],
    ['open 99999 name', 1, 'UNKNOWN_ENTRY', '"countersign log checkpoint"'],
    ['open 0 name', 1, 'UNKNOWN_FIELD', 'no field at all: see "countersign log entry INDEX"'],
    ['open $ISSUED args', 1, 'UNKNOWN_FIELD', 'another field: instruction and sub'],
    ['hold lift hld_x', 1, 'UNKNOWN_HOLD', '"countersign hold list"'],
    ['hold lift ../x', 1, 'UNKNOWN_HOLD', '"countersign hold list"'],
    ['hold place per_x --reason dispute', 1, 'UNKNOWN_SUBJECT', '"countersign person list"'],
    ['erase per_x', 1, 'UNKNOWN_SUBJECT', '"countersign person list"'],
    ['erase $LEAD', 1, 'STATE_CONFLICT', '"countersign revoke PERSON --reason left"'],
    ['erase $JTI', 1, 'STATE_CONFLICT', '"countersign revoke DELEGATION"'],
    ['log verify $URL --key $VKEY', 2, 'LOG_UNAVAILABLE', '/log'],
    ['log verify $URL/nowhere/log --key $VKEY', 2, 'LOG_UNAVAILABLE', 'see that the URL is right'],
    ['log rebuild --check --data $NEW', 1, 'FILE_UNREADABLE', 'with --data'],
    ['backup $NEW --data $NEW', 1, 'FILE_UNREADABLE', 'with --data'],
    [
      'restore $BACKUP --data $NEW --checkpoint $TEXT',
      1,
      'CHECKPOINT_INVALID',
      '"countersign log checkpoint',
    ],
    ['witness --log $VKEY', 2, 'ARGUMENT_INVALID', '--name witness.example.org'],
    ['witness --name w.example', 2, 'ARGUMENT_INVALID', 'the line "log key"'],
    ['bogus', 2, 'USAGE', '--help'],
  ])('%s', async (command, exit, code, next) => {
    const { code: ended, stdout, stderr } = await run(`--json ${command}`)
    const { error } = faultSchema.parse(JSON.parse(stdout))
    const { message } = error
    expect({ ended, code: error.code, message, stderr }).toEqual({
      ended: exit,
      code,
      message: expect.stringContaining(next),
      stderr: expect.any(String),
    })
  })

  test.each<[command: string, code: string, next: string]>([
    ['enroll --url $URL --secret spent', 'SECRET_INVALID', '"countersign person invite NAME"'],
    ['enroll --url nonsense --secret x', 'API_UNREACHABLE', 'the one that it printed'],
    ['agent list', 'NO_PROFILE', '"countersign enroll --url URL --secret SECRET"'],
  ])('%s, of somebody without a profile', async (command, code, next) => {
    const { code: ended, stderr } = await run(command, join(folder, 'nobody'))
    expect({ ended, stderr }).toEqual({ ended: 1, stderr: expect.stringContaining(`${code}: `) })
    expect(stderr).toContain(next)
  })

  test('a key that was refused leaves no file in the way of the next one', async () => {
    for (const _ of ['once', 'again'])
      expect((await run('agent key agt_x -o $NEW')).stderr).toContain('UNKNOWN_AGENT')
  })
})

describe('a list', () => {
  test('that is empty says so, and what adds to it; to a program it is an empty list', async () => {
    for (const [command, next] of [
      ['issuer list', 'countersign issuer propose URL'],
      ['delegation waiting', 'countersign delegations'],
    ] as const) {
      expect((await run(command)).stdout).toMatch(new RegExp(`^no.*${next}`))
      expect((await run(`--json ${command}`)).stdout).toBe('[]\n')
    }
  })

  test('names its columns', async () => {
    for (const [command, head] of [
      ['agent list', /^AGENT +STATUS +NAME\nagt_/],
      ['person list', /^PERSON +STATUS +NAME\nper_/],
      ['system list', /^SYSTEM +NAME\nsys_/],
      ['point list', /^POINT +SERVERS +NAME\npnt_/],
      ['template list', /^TEMPLATE +STATUS +CLASS +PROPOSER\ntpl_/],
      ['keys list', /^KEY +STATUS\n/],
      ['delegations', /^DELEGATION +STATUS +AGENT +PRINCIPAL +CONSENT\ndlg_/],
    ] as const)
      expect((await run(command)).stdout).toMatch(head)
  })
})

test('a delegation that waits says for whom, what they run and what to run then', async () => {
  const { code, stdout } = await run(`${DELEGATE} $POINT --approver $LEAD`)
  const [, jti = ''] = /^(dlg_\w+) /.exec(stdout) ?? []
  expect(code).toBe(0)
  expect(stdout).toBe(
    [
      `${jti} waits for the approval of ${lead}:`,
      `  countersign delegation approve ${jti}`,
      'and then you run:',
      `  countersign delegation fetch ${jti} -o ${join(folder, 'new')}`,
      '',
    ].join('\n'),
  )
  const again = await run(`delegation approve ${jti}`)
  expect(again.stderr).toContain(`SAME_PERSON: you are its principal, it waits for the approval of ${lead}: `)
  expect((await run(`delegation show ${jti}`)).stdout).toContain('\n1 approval needed besides:\n')
  await run(`delegation decline ${jti}`)
})

test('a second revocation says that the first one stands, and since when', async () => {
  const { jti } = await stage.delegate(point)
  const first = await run(`revoke ${jti}`)
  expect(first.stdout).toMatch(/^revoked: frame \d+, committed \d+ ms after the call/)
  const second = await run(`revoke ${jti}`)
  expect(second).toMatchObject({ code: 0, stderr: '' })
  expect(second.stdout).toMatch(
    new RegExp(`^${jti} was revoked already, 2\\d{3}-[^ ]+Z: frame \\d+; nothing changed`),
  )
  const again = z
    .object({ revoked_before: z.int() })
    .parse(JSON.parse((await run(`--json revoke ${jti}`)).stdout))
  expect(again.revoked_before).toBeLessThanOrEqual(Date.now())
})
