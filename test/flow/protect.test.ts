/** The SDK in process: ordinary functions behind a real enforcement point of a real control plane. spec/sdk.md. */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, connect, GUARD, narrow, protect, serve, type Guard } from 'countersign'
import { revoke } from '../../apps/cli/operator.ts'
import { sdkPoint, subAgent, type SdkPoint } from './stage-sdk.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage
let at: SdkPoint
let guard: Guard

beforeAll(async () => {
  stage = await setFlowStage()
  at = await sdkPoint(stage, 'in-process', 'in_process')
  guard = await connect(at)
})
afterAll(async () => {
  await guard.close()
  await stage.remove()
})

const ran: unknown[] = []
const tools = {
  read_note: (args: { path: string }) => {
    ran.push(args)
    return `text of ${args.path}`
  },
  write_note: async ({ path, text }: { path: string; text: string }) => `${path}: ${text.length}`,
  delete_note: ({ path }: { path: string }) => `deleted ${path}`,
}

test('a function runs when it is allowed, and does not when it is denied, with the reasons', async () => {
  const notes = await protect(tools, guard)
  expect(await notes.read_note({ path: 'public/a.txt' })).toEqual({
    decision: 'allow',
    action: expect.stringMatching(/^act_/) as string,
    result: 'text of public/a.txt',
  })
  ran.length = 0
  const denied = await notes.read_note({ path: 'secret/a.txt' })
  expect(denied).toMatchObject({ decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
  expect(denied.decision === 'deny' && denied.text).toMatch(/^CONSTRAINT_VIOLATED: .*What to do:/)
  expect(await notes.delete_note({ path: 'public/a.txt' })).toMatchObject({ reasons: ['NO_MATCHING_GRANT'] })
  expect(ran).toEqual([])
  expect(Object.keys(tools).filter((name) => guard.isVisible(name))).toEqual(['read_note', 'write_note'])
})

test('cumulative limits hold in process', async () => {
  const notes = await protect(tools, guard)
  const write = (): ReturnType<typeof notes.write_note> =>
    notes.write_note({ path: 'public/b.txt', text: 'hi' })
  expect([await write(), await write(), await write()].map(({ decision }) => decision)).toEqual([
    'allow',
    'allow',
    'deny',
  ])
})

test('what runs gets the arguments that were decided, a copy', async () => {
  const notes = await protect(tools, guard)
  let asked = 0
  const sly = {
    get path() {
      return asked++ === 0 ? 'public/a.txt' : 'secret/a.txt'
    },
  }
  expect(await notes.read_note(sly)).toMatchObject({ decision: 'allow', result: 'text of public/a.txt' })
})

test('arguments that readers read differently are refused before they are decided', async () => {
  const notes = await protect(tools, guard)
  const twins = { path: 'public/a.txt', Path: 'secret/a.txt' }
  await expect(notes.read_note(twins)).rejects.toThrowWithCode('ARGUMENTS_INVALID')
  await expect(notes.read_note([] as never)).rejects.toThrowWithCode('ARGUMENTS_INVALID')
  const huge = { path: 'public/a.txt', n: 2 ** 60 }
  await expect(notes.read_note(huge)).rejects.toThrowWithCode('JSON_NUMBER_RANGE')
})

test('what a function throws is thrown, and recorded as failed', async () => {
  const read_note = ({ path }: { path: string }): Promise<never> => Promise.reject(new Error(`no ${path}`))
  const broken = await protect({ read_note }, guard)
  await expect(broken.read_note({ path: 'public/a.txt' })).rejects.toThrow('no public/a.txt')
})

test('one function keeps its name, or is told one', async () => {
  const read = await protect(tools.read_note, guard)
  expect(await read({ path: 'public/a.txt' })).toMatchObject({ decision: 'allow' })
  expect(read[GUARD]).toBe(guard)
  await expect(protect(() => 1, guard)).rejects.toThrowWithCode('TOOL_NAMELESS')
})

test('one call alone needs no function of that name', async () => {
  const answer = await call(guard, 'read_note', { path: 'public/a.txt' }, ({ path }) => path.length)
  expect(answer).toMatchObject({ decision: 'allow', result: 12 })
})

test('a call that goes on elsewhere is begun, and told how it ended', async () => {
  const begun = await guard.begin({ tool: 'read_note', args: { path: 'public/a.txt' } })
  expect(begun).toMatchObject({ decision: 'allow', args: { path: 'public/a.txt' } })
  if (begun.decision === 'allow') begun.end('unknown')
  const denied = await guard.begin({ tool: 'read_note', args: { path: 'x' } })
  expect(denied).toMatchObject({ decision: 'deny' })
})

test('receipts say in_process and session, and the outcome', async () => {
  const answer = await call(guard, 'read_note', { path: 'public/a.txt' }, () => {
    throw new TypeError('failed')
  }).catch(() => null)
  expect(answer).toBeNull()
  const receipts = await spoolText(at)
  expect(receipts).toContain('"placement":"in_process"')
  expect(receipts).toContain('"binding":"session"')
  expect(receipts).not.toContain('"binding":"hosted"')
})

async function spoolText({ id }: SdkPoint): Promise<string> {
  const folder = join(stage.folder, `${id}.spool`)
  const parts = (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8').catch(() => ''))
  return (await Promise.all(parts)).join('\n')
}

test('a sub-agent is handed less, offline, and never more', async () => {
  const deep = await sdkPoint(stage, 'manager-agent', 'in_process', undefined, { depth_max: 1 })
  const sub = await subAgent(stage)
  const grants = [
    {
      type: 'tool' as const,
      server: 'notes',
      actions: ['read_note'],
      constraints: { path: { glob: 'public/q3/**' } },
    },
  ]
  const chain = await narrow(deep, { to: sub.publicJwk, statement: sub.statement, grants })
  const helper = await connect({ point: deep.point, key: sub.key, chain })
  const notes = await protect(tools, helper)
  expect(await notes.read_note({ path: 'public/q3/a.txt' })).toMatchObject({ decision: 'allow' })
  expect(await notes.read_note({ path: 'public/a.txt' })).toMatchObject({ reasons: ['CONSTRAINT_VIOLATED'] })
  await helper.close()
  const wider = [{ ...grants[0]!, actions: ['delete_note'] }]
  await expect(
    narrow(deep, { to: sub.publicJwk, statement: sub.statement, grants: wider }),
  ).rejects.toThrowWithCode('WIDENED')
})

test('a point is used where it was enrolled for, and nowhere else', async () => {
  const gateway = join(stage.folder, 'gateway.json')
  await expect(connect({ point: gateway, key: at.key })).rejects.toThrowWithCode('PLACEMENT_WRONG')
  await expect(serve({ point: at.point })).rejects.toThrowWithCode('PLACEMENT_WRONG')
  await expect(connect({ point: at.point, key: at.key, server: 'other' })).rejects.toThrowWithCode(
    'SERVER_UNKNOWN',
  )
})

test('a key file that is not there, and a chain that is not beside it, are named', async () => {
  await expect(connect({ point: at.point, key: 'none.json' })).rejects.toThrowWithCode('KEY_UNREADABLE')
  await expect(connect({ point: at.point, key: at.key, chain: 'none' })).rejects.toThrowWithCode(
    'CHAIN_UNREADABLE',
  )
})

test('a revocation reaches the process, and stops a call that is under way', async () => {
  const under = await sdkPoint(stage, 'revoked', 'in_process')
  const own = await connect(under)
  const begun = Promise.withResolvers<void>()
  const running = own.call({ tool: 'read_note', args: { path: 'public/a.txt' } }, (_, { signal }) => {
    begun.resolve()
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('told to stop')))
    })
  })
  await begun.promise
  await revoke(stage.manager, 'delegation', under.jti, 'done')
  expect(await running).toMatchObject({ decision: 'deny', reasons: ['REVOKED'], underWay: true })
  const later = await own.call({ tool: 'read_note', args: { path: 'public/a.txt' } }, () => 1)
  expect(later).toMatchObject({ decision: 'deny', reasons: ['REVOKED'] })
  await own.close()
})
