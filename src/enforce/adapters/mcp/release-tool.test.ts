/** `release` as a tool of the gateway's own. spec/outputs.md (OUT-13). */
import { expect, test } from 'vitest'
import { READ, Rig } from '../../../../test/fixtures/mcp-rig.ts'
import type { ReleaseAnswer } from '../../releases.ts'
import { clientReleases } from './http-point.ts'
import { MCP_LIMITS } from './limits.ts'
import { RELEASE_TOOL, type ReleaseDesk } from './release-tool.ts'

const ALLOWED: ReleaseAnswer = {
  decision: 'allow',
  action: 'act',
  output: 'out',
  role: null,
  attestation: null,
}

function deskOf(kinds: readonly string[], answer: () => Promise<ReleaseAnswer> = async () => ALLOWED) {
  const asked: Parameters<ReleaseDesk['releaseBy']>[] = []
  const desk: ReleaseDesk = {
    kinds: () => kinds,
    releaseBy: (...call) => {
      asked.push(call)
      return answer()
    },
  }
  return { desk, asked }
}

const started = (desk?: ReleaseDesk, hosted = true) => Rig.started(hosted, MCP_LIMITS, desk)

async function listed(rig: Rig, tools: object[], params: object = {}): Promise<string[]> {
  rig.request('list', 'tools/list', params)
  rig.answer('list', { tools })
  await rig.turn()
  const { result } = JSON.parse(rig.toClient.at(-1) ?? '')
  return result.tools.map(({ name }: { name: string }) => name)
}

test('is listed once, for who is shown something, while a policy has a kind', async () => {
  expect(await listed(await started(deskOf(['letter']).desk), [READ])).toEqual(['read', RELEASE_TOOL])
  expect(await listed(await started(deskOf(['letter']).desk), [])).toEqual([RELEASE_TOOL])
  expect(await listed(await started(deskOf(['letter']).desk), [READ], { cursor: 'p2' })).toEqual(['read'])
  expect(await listed(await started(deskOf([]).desk), [READ])).toEqual(['read'])
  expect(await listed(await started(), [READ])).toEqual(['read'])
  expect(await listed(await started(deskOf(['letter']).desk, false), [READ])).toEqual([])
})

test('is never a tool of the server, which is not asked', async () => {
  const { desk, asked } = deskOf(['letter'])
  const rig = await started(desk)
  rig.point.allowed.set(null, ['read', RELEASE_TOOL])
  const own = { name: RELEASE_TOOL, description: 'of the server' }
  expect(await listed(rig, [own, READ])).toEqual(['read', RELEASE_TOOL])
  rig.toServer.length = 0
  const args = { kind: 'letter', key: '1', json: { a: 1 } }
  rig.request('call', 'tools/call', { name: RELEASE_TOOL, arguments: args })
  await rig.turn()
  expect(rig.toServer).toEqual([])
  expect(JSON.parse(rig.toClient.at(-1) ?? '').result).toMatchObject({
    structuredContent: { decision: 'allow', output: 'out' },
  })
  expect(asked[0]?.[0]).toMatchObject({ tool: RELEASE_TOOL, args, credential: { kind: 'hosted' } })
  expect(asked[0]?.[2]).toMatchObject({ content: '{"a":1}', subject: [{ annotations: { form: 'json' } }] })
})

test('takes one output of a kind that there is, in a form that it has', async () => {
  const rig = await started(deskOf(['letter']).desk)
  const good = { kind: 'letter', key: '1', text: 'Dear' }
  for (const wrong of [
    { ...good, kind: 'novel' },
    { ...good, key: '' },
    { ...good, json: 1 },
    { kind: 'letter', key: '1' },
    { ...good, wait_s: 301 },
    { kind: 'letter', key: '1', base64: '!' },
    { ...good, form: 'json' },
  ]) {
    rig.request('call', 'tools/call', { name: RELEASE_TOOL, arguments: wrong })
    await rig.turn()
    expect(JSON.parse(rig.toClient.at(-1) ?? '').error?.code).toBe(-32602)
  }
})

test('of one connection waits for so many people at a time', async () => {
  const { desk, asked } = deskOf(['letter'], () => new Promise<ReleaseAnswer>(() => undefined))
  const rig = await started(desk)
  for (let i = 0; i <= 64; i++) {
    const args = { kind: 'letter', key: String(i), text: 'Dear' }
    rig.request(i, 'tools/call', { name: RELEASE_TOOL, arguments: args })
  }
  await rig.turn()
  expect(asked).toHaveLength(64)
  expect(JSON.parse(rig.toClient.at(-1) ?? '')).toMatchObject({ id: 64, error: { code: -32005 } })
})

test('of an HTTP client is under the delegation of its token, and of no chain without its proof', () => {
  const { desk, asked } = deskOf(['letter'])
  const call = {
    server: 'files',
    tool: RELEASE_TOOL,
    args: {},
    credential: { kind: 'hosted' as const },
    definition_hash: null,
  }
  const output = { kind: 'letter', subject: [] }
  for (const viewer of [{ delegation: 'dlg_1' }, { chain: 'a.b.c~' }])
    void clientReleases(desk, viewer).releaseBy(call, '1', output, {})
  expect(asked.map(([{ credential }]) => credential)).toEqual([
    { kind: 'hosted', delegation: 'dlg_1' },
    { kind: 'none' },
  ])
})
